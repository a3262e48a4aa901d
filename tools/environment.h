/* environment.h -- the machine that measures: a fingerprint, and a name for it. */
#ifndef PACE_ENVIRONMENT_H
#define PACE_ENVIRONMENT_H

enum { ENVIRONMENT_TEXT_MAX = 256 };

/* "" where the system does not tell. */
struct environment {
    char arch[ENVIRONMENT_TEXT_MAX], os[ENVIRONMENT_TEXT_MAX], kernel[ENVIRONMENT_TEXT_MAX];
    char cpu[ENVIRONMENT_TEXT_MAX], cores[ENVIRONMENT_TEXT_MAX], memory[ENVIRONMENT_TEXT_MAX];
    char governor[ENVIRONMENT_TEXT_MAX], host[ENVIRONMENT_TEXT_MAX];
};

void environment_read(struct environment *out);

/* Piece `index` for a run's metadata ("env.arch" and so on); 0 past the end. Empty ones are skipped
 * by the caller. */
int environment_entry(const struct environment *environment, unsigned index, const char **key,
                      const char **value);

/* A testbed's name: the host's, or os-arch where the host is a container with a random name. */
void environment_testbed(const struct environment *environment, char out[ENVIRONMENT_TEXT_MAX]);

#endif
