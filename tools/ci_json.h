/* ci_json.h -- what the writer and the reader of a verdict's JSON share: its members. */
#ifndef PACE_CI_JSON_H
#define PACE_CI_JSON_H

#include "ci_verdict.h"

#define CI_SCHEMA "pace.verdict/1"

enum ci_kind {
    CI_NAME,
    CI_COMMIT_TEXT,
    CI_UNIT,
    CI_NUMBER,
    CI_SHARE,
    CI_COUNT,
    CI_TIME,
    CI_FLAG,
    CI_VERDICT,
};

struct ci_field {
    enum ci_kind kind;
    const char *name;
    size_t
        offset; /* in struct ci_row: text, double, uint64_t, int64_t, int or enum judge_verdict */
};

/* The rows of ci_row.def. */
extern const struct ci_field ci_fields[];
extern const size_t ci_field_count;

#endif
