/* ci_verdict.h -- a verdict as a document: what is written for CI, and read back by `pace report`.
 *
 * It is made of a judgement, whose rows are those of the query, or of a file that a stranger may
 * have written. Every writer of ci_format.def takes it from here, so that a stored verdict gives
 * the same bytes as the one of the moment. */
#ifndef PACE_CI_VERDICT_H
#define PACE_CI_VERDICT_H

#include "../query/text.h"
#include "judge.h"

enum ci_limit {
    CI_MAX_BYTES = 128 << 20,   /* of a stored verdict */
    CI_MAX_ROWS = 100000,       /* in it */
    CI_MAX_VALUES = 4000000,    /* and values of any kind */
    CI_COMMENT_BYTES = 60000,   /* of a comment: services refuse more than 65,536 characters */
    CI_SUMMARY_BYTES = 1024000, /* of GitHub's step summary with what is in it already */
    CI_ANNOTATIONS = 10,        /* that GitHub shows of a step */
    CI_SARIF_RESULTS = 5000,    /* that GitHub shows of a file */
};

#define CI_TOO_LONG "more than %d bytes (CI_MAX_BYTES)"

/* Why there is no verdict, or none on this commit. CI_REASON(id, word, sentence) */
#define CI_REASONS                                                                                 \
    CI_REASON(NONE, "none", "")                                                                    \
    CI_REASON(EMPTY, "empty", "There are no earlier runs to judge by.")                            \
    CI_REASON(NO_RUN, "no-run", "There is no run to judge.")                                       \
    CI_REASON(STALE, "stale", "The newest run is of another commit.")                              \
    CI_REASON(NO_BASELINE, "no-baseline", "Some series have too few earlier runs.")                \
    CI_REASON(COMMAND, "command", "The benchmark command failed.")

enum ci_reason {
#define CI_REASON(id, word, sentence) CI_REASON_##id,
    CI_REASONS
#undef CI_REASON
        CI_REASON_COUNT
};
extern const char *const ci_reason_words[], *const ci_reason_sentences[];

/* One judged series. Text lives as long as the judgement or the file's verdict. */
struct ci_row {
    struct judged judged;
    double again_value; /* of the second run, which confirmed it; NAN: none */
    uint64_t again_run; /* 0: none */
    uint64_t
        incident; /* rows that one change made have the same number, from 1; 0: does not fail */
    int fails;    /* 1: it is what the command fails for */
};

/* What part of a report a row belongs to, most urgent first. */
enum ci_part {
    CI_FAILS,
    CI_OPEN, /* a regression of an earlier run that is still there */
    CI_SUSPECTED,
    CI_RECOVERED,
    CI_BETTER,
    CI_CHANGED,
    CI_MOVED,
    CI_NEED_MORE,
    CI_UNJUDGED,
    CI_UNCHANGED,
    CI_PART_COUNT
};

struct ci_verdict {
    struct ci_row *rows; /* in the order of the query */
    size_t count;
    size_t parts[CI_PART_COUNT];            /* rows of each */
    size_t counts[JUDGE_VERDICT_COUNT];     /* rows by verdict */
    const char *project, *testbed, *commit; /* as asked for; "" for any */
    const char *against;                    /* the commit that rounds were measured against; "" */
    const char *notes[JUDGE_NOTES_MAX];     /* of judge_notes_read */
    size_t note_count;
    int status; /* exit status of the command */
    enum ci_reason reason;
    struct arena arena; /* of a verdict that was read */
};

/* What a judgement does not hold. */
struct ci_context {
    const char *project, *testbed, *commit; /* as asked for; NULL or "" for any */
    const struct judge_notes *notes;        /* NULL: none */
    int strict;                             /* suspects and open regressions fail as well */
    int status;
    enum ci_reason reason;
};

/* Makes the document of a judgement, which must outlive it; `again` and `confirm` are as for
 * judge_show. Returns 0 or PACE_ENOMEM; ci_verdict_clear always. */
int ci_verdict_make(const struct judgement *judgement, const struct judgement *again,
                    enum judge_confirm confirm, const struct ci_context *context,
                    struct ci_verdict *out);

/* Reads what `--format json` wrote, from bytes that anybody may have sent: every member is checked,
 * and sums are counted anew. text[len] is a NUL. Errors: PACE_EVALUE or PACE_ELIMIT; the message
 * names the place and holds nothing of the text, so that it is safe where messages are commands. */
int ci_verdict_read(const char *text, size_t len, struct pace_error *error, struct ci_verdict *out);
void ci_verdict_clear(struct ci_verdict *verdict);

/* Counts rows by part and verdict. */
void ci_verdict_count(struct ci_verdict *verdict);

enum ci_part ci_part_of(const struct ci_row *row);

/* The level that a row is compared with, and its difference as a share of it: of an open
 * regression, the level before it. NAN where there is none. */
double ci_base(const struct ci_row *row);
double ci_delta(const struct ci_row *row);

/* How much a row changed, whichever way: for putting the worst first. */
double ci_severity(const struct ci_row *row);

/* The rows in order of part, incident by incident, worst first: an array of the caller's; NULL
 * without memory. */
const struct ci_row **ci_sorted(const struct ci_verdict *verdict);

/* "worse", "suspected", "ok", or "none" where nothing was judged. */
const char *ci_word(const struct ci_verdict *verdict);

/* "2 series got worse", as a title. */
enum { CI_TEXT_MAX = 512, CI_COMMIT = 9 /* characters of a commit that are shown */ };
const char *ci_title(const struct ci_verdict *verdict, char buffer[CI_TEXT_MAX]);

/* "worse" for what fails by its own or a second run, else the verdict; "open" where that is all. */
const char *ci_row_word(const struct ci_row *row);

/* "was 479.6 us over 37 runs, is 38.8 ms, 81 times that; limit 493.4 us, p 9e-112; since
 * ee5a4a99f" */
const char *ci_sentence(const struct ci_verdict *verdict, const struct ci_row *row,
                        char buffer[CI_TEXT_MAX]);

/* The file that a benchmark's name begins with, as in tests/test_api.py::test_fun, or "". */
const char *ci_file(const struct ci_row *row, char buffer[CI_TEXT_MAX]);

/* Writers, one a file ci_*.c: 0, PACE_ENOMEM, or what the sink returned. */
int ci_put_comment(const struct ci_verdict *verdict, struct text_out *out);
/* The same without the marker, in at most `budget` bytes. */
int ci_put_summary(const struct ci_verdict *verdict, size_t budget, struct text_out *out);
int ci_put_junit(const struct ci_verdict *verdict, struct text_out *out);
int ci_put_metrics(const struct ci_verdict *verdict, struct text_out *out);
int ci_put_sarif(const struct ci_verdict *verdict, struct text_out *out);
int ci_put_json(const struct ci_verdict *verdict, struct text_out *out);
int ci_put_badge(const struct ci_verdict *verdict, struct text_out *out);
int ci_put_annotations(const struct ci_verdict *verdict, struct text_out *out);
int ci_put_outputs(const struct ci_verdict *verdict, struct text_out *out);

#endif
