/* environment.c -- the machine that measures: a fingerprint, and a name for it. */
#include "environment.h"

#include <ctype.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

static void copy(char out[ENVIRONMENT_TEXT_MAX], const char *text)
{
    snprintf(out, ENVIRONMENT_TEXT_MAX, "%s", text);
    for (size_t len = strlen(out); len > 0 && isspace((unsigned char)out[len - 1]); len--)
        out[len - 1] = '\0';
}

/* The value of the first "KEY : value" line of a file that has one of the keys. */
static void read_key(const char *path, const char *key, char out[ENVIRONMENT_TEXT_MAX])
{
    FILE *file = fopen(path, "re");
    char line[1024];
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');
        if (colon == NULL || strncmp(line, key, strlen(key)) != 0) continue;
        copy(out, colon + 1 + strspn(colon + 1, " \t"));
        break;
    }
    if (file != NULL) fclose(file);
}

static void read_first_line(const char *path, char out[ENVIRONMENT_TEXT_MAX])
{
    FILE *file = fopen(path, "re");
    char line[ENVIRONMENT_TEXT_MAX];
    if (file == NULL) return;
    if (fgets(line, sizeof line, file) != NULL) copy(out, line);
    fclose(file);
}

/* Cores this process may use; a container or taskset may allow fewer than there are. */
static int core_count(void)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
    return get_nprocs();
}

void environment_read(struct environment *out)
{
    struct utsname names;
    struct sysinfo info;
    *out = (struct environment){0};
    if (uname(&names) == 0) {
        copy(out->arch, names.machine);
        copy(out->os, names.sysname);
        copy(out->kernel, names.release);
        copy(out->host, names.nodename);
        for (char *c = out->os; *c != '\0'; c++)
            *c = (char)tolower((unsigned char)*c);
    }
    read_key("/proc/cpuinfo", "model name", out->cpu);
    if (out->cpu[0] == '\0') read_first_line("/sys/firmware/devicetree/base/model", out->cpu);
    snprintf(out->cores, sizeof out->cores, "%d", core_count());
    if (sysinfo(&info) == 0) {
        /* Whole GiB: the kernel's share differs from boot to boot. */
        unsigned long long bytes = (unsigned long long)info.totalram * info.mem_unit;
        snprintf(out->memory, sizeof out->memory, "%llu GiB", (bytes + (1ULL << 29)) >> 30);
    }
    read_first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", out->governor);
}

int environment_entry(const struct environment *environment, unsigned index, const char **key,
                      const char **value)
{
    const struct {
        const char *key, *value;
    } entries[] = {
        {"env.arch", environment->arch},         {"env.os", environment->os},
        {"env.kernel", environment->kernel},     {"env.cpu", environment->cpu},
        {"env.cores", environment->cores},       {"env.memory", environment->memory},
        {"env.governor", environment->governor}, {"env.host", environment->host},
    };
    if (index >= sizeof entries / sizeof entries[0]) return 0;
    *key = entries[index].key;
    *value = entries[index].value;
    return 1;
}

/* Container runtimes name a host by 12 or 64 hex digits of an id. */
static int is_container_id(const char *host)
{
    size_t len = strlen(host);
    return (len == 12 || len == 64) && strspn(host, "0123456789abcdef") == len;
}

void environment_testbed(const struct environment *environment, char out[ENVIRONMENT_TEXT_MAX])
{
    if (environment->host[0] != '\0' && !is_container_id(environment->host))
        snprintf(out, ENVIRONMENT_TEXT_MAX, "%s", environment->host);
    else
        snprintf(out, ENVIRONMENT_TEXT_MAX, "%.100s-%.100s", environment->os, environment->arch);
}
