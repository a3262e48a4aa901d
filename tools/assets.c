/* assets.c -- the files of tools/assets, taken in as they are by the assembler.
 *
 * The paths are seen from the top of the tree, where make runs; it knows what this depends on. */
#include "assets.h"

#define ASSET(name, file)                                                                          \
    __asm__(".pushsection .rodata\n"                                                               \
            ".globl bytes_of_" #name "\n.hidden bytes_of_" #name "\nbytes_of_" #name ":\n"         \
            ".incbin \"tools/assets/" file "\"\n"                                                  \
            ".globl end_of_" #name "\n.hidden end_of_" #name "\nend_of_" #name ":\n"               \
            ".byte 0\n.popsection\n");                                                             \
    extern const char bytes_of_##name[], end_of_##name[];                                          \
    struct asset asset_##name(void)                                                                \
    {                                                                                              \
        return (struct asset){bytes_of_##name, end_of_##name};                                     \
    }

ASSET(report_html, "report.html")
ASSET(report_css, "report.css")
ASSET(report_data_js, "report_data.js")
ASSET(report_chart_js, "report_chart.js")
ASSET(report_js, "report.js")
ASSET(uplot_css, "uplot.min.css")
ASSET(uplot_js, "uplot.min.js")
