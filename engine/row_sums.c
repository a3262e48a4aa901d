/* row_sums.c -- see row_sums.h. Rows whose cells are all values are added many columns at once. */
#include "row_sums.h"
#include "block.h"
#include "error.h"

#include <string.h>

struct adding {
    struct kv_txn *txn;
    struct sums *sums;
};

/* Up to 64 rows, one part of them. */
struct part_rows {
    uint32_t count;
    uint32_t plain_until;                       /* all rows have the columns below as values */
    struct row rows[SUMS_ROWS_MAX];             /* data NULL: it has no such part */
    const unsigned char *values[SUMS_ROWS_MAX]; /* row_values, good for columns below */
    uint32_t until[SUMS_ROWS_MAX];              /* these; 0: none */
};

/* Checks all that is asked for, from column i on, of a row whose columns below `until` are values;
 * the columns [i, end) lie side by side. */
static int check_row(const struct sums *sums, struct row *row, size_t i, size_t end, uint32_t until)
{
    while (i < sums->length && sums->column[i] < until) {
        uint32_t last = sums->column[end - 1] + 1;
        if (row_check(row, sums->column[i], last < until ? last : until)) return -1;
        i = end;
        if (i < sums->length) end = sums_stretch(sums, i, until);
    }
    return 0;
}

/* Opens the part that has column i. */
static int open_part(struct adding *adding, const struct row *rows, size_t i,
                     struct part_rows *part, struct pace_error *error)
{
    const struct sums *sums = adding->sums;
    uint8_t number = (uint8_t)(sums->column[i] / ROW_PART_COLUMNS);
    part->plain_until = (number + 1u) * ROW_PART_COLUMNS;
    size_t end = sums_stretch(sums, i, part->plain_until);
    for (uint32_t k = 0; k < part->count; k++) {
        struct row *row = &part->rows[k];
        int rc = 0;
        if (number == 0 && k + 1 < part->count)
            row_prefetch(&rows[k + 1], sums->column[i], sums->column[end - 1] + 1);
        *row = rows[k];
        if (!(rows[k].header.parts >> number & 1))
            row->data = NULL;
        else if (number)
            rc = log_part(adding->txn, &rows[k], number, error, row);
        if (rc) return rc;
        part->until[k] = 0;
        part->values[k] = row->data ? row_values(row, &part->until[k]) : NULL;
        /* Reading the cells of a damaged row one by one says which it is. */
        if (check_row(sums, row, i, end, part->until[k])) part->until[k] = 0;
        if (part->until[k] < part->plain_until) part->plain_until = part->until[k];
    }
    return 0;
}

/* Adds the cells of one column, one by one. */
static int add_cells(struct adding *adding, struct part_rows *part, size_t i,
                     struct pace_error *error)
{
    double values[SUMS_ROWS_MAX];
    size_t n = 0;
    uint32_t column = adding->sums->column[i];
    for (uint32_t k = 0; k < part->count; k++) {
        struct row *row = &part->rows[k];
        struct row_cell cell;
        if (column < part->until[k]) {
            memcpy(&values[n++], part->values[k] + 8 * (size_t)(column % ROW_PART_COLUMNS), 8);
            continue;
        }
        if (!row->data) continue;
        if (row_cell(row, column, &cell))
            return error_damaged(error, "%s: cells of run %llu", kv_path(adding->txn),
                                 (unsigned long long)row->header.run);
        if (cell.status == PACE_CELL_OK) values[n++] = cell.value;
    }
    struct block_summary more = block_summarize(values, n);
    sums_add(adding->sums, i, &more);
    return 0;
}

/* Adds columns [i, end), which all rows have as values. */
static void add_values(struct adding *adding, const struct part_rows *part, size_t i, size_t end)
{
    const unsigned char *rows[SUMS_ROWS_MAX];
    size_t offset = 8 * (size_t)(adding->sums->column[i] % ROW_PART_COLUMNS);
    for (uint32_t k = 0; k < part->count; k++)
        rows[k] = part->values[k] + offset;
    sums_add_rows(adding->sums, i, rows, part->count, end - i);
}

/* Adds the cells of up to 64 rows. */
static int add_rows(struct adding *adding, const struct row *rows, uint32_t count,
                    struct pace_error *error)
{
    const struct sums *sums = adding->sums;
    struct part_rows part;
    uint32_t number = UINT32_MAX;
    part.count = count;
    for (size_t i = 0, end; i < sums->length; i = end) {
        int rc = 0;
        end = i + 1;
        if (number != sums->column[i] / ROW_PART_COLUMNS)
            rc = open_part(adding, rows, i, &part, error);
        number = sums->column[i] / ROW_PART_COLUMNS;
        if (!rc && sums->column[i] < part.plain_until) {
            end = sums_stretch(sums, i, part.plain_until);
            add_values(adding, &part, i, end);
        } else if (!rc) {
            rc = add_cells(adding, &part, i, error);
        }
        if (rc) return rc;
    }
    return 0;
}

int row_sums_add(struct kv_txn *txn, const struct row *rows, size_t count, struct sums *sums,
                 struct pace_error *error)
{
    struct adding adding = {.txn = txn, .sums = sums};
    int rc = 0;
    for (size_t at = 0; !rc && at < count; at += SUMS_ROWS_MAX) {
        size_t left = count - at;
        rc = add_rows(&adding, rows + at, (uint32_t)(left < SUMS_ROWS_MAX ? left : SUMS_ROWS_MAX),
                      error);
    }
    return rc;
}
