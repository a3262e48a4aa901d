/* incident.h -- changes of many series that one commit made are one event. Pure. */
#ifndef PACE_INCIDENT_H
#define PACE_INCIDENT_H

#include <stddef.h>
#include <stdint.h>

/* A change of one series: seen first at at_ns, it may have happened at any of the series' points
 * from earliest_ns to latest_ns. Only changes of one group (project and branch) can be one
 * event. */
struct incident_change {
    uint32_t group;
    int64_t at_ns, earliest_ns, latest_ns;
    size_t place;   /* the caller's; orders changes of one instant */
    size_t event;   /* out: from 1, in order of group and time of their first change */
    size_t members; /* out: changes in its event */
};

/* The instant at which most changes were seen takes all whose interval covers it, then the next one
 * of those that are left. Sorts the changes by group and time. 0, or -1 when out of memory. */
int incidents_group(struct incident_change *changes, size_t count);

#endif
