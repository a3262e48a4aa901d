/* asv.h -- parts of the asv adapter that an importer of a whole results tree uses too. */
#ifndef PACE_ASV_H
#define PACE_ASV_H

#include "reading.h"

/* What a benchmark measures, by the last part of its name: time_, mem_, peakmem_, track_. */
struct asv_kind {
    const char *measure, *unit;
    double factor;
    enum pace_direction direction;
};
struct asv_kind asv_kind(const char *name);

/* Reads a result file (of json_parse_marked) into one run of the reading. */
int asv_result(struct reading *reading, const json_t *root);

#endif
