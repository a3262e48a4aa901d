/* assets.h -- the files of tools/assets, which the program has inside. */
#ifndef PACE_ASSETS_H
#define PACE_ASSETS_H

#include <stddef.h>

struct asset {
    const char *start, *end;
};

/* The parts of a report's page: readable sources, and uPlot (MIT), which draws the large charts. */
struct asset asset_report_html(void);
struct asset asset_report_css(void);
struct asset asset_report_data_js(void);
struct asset asset_report_chart_js(void);
struct asset asset_report_js(void);
struct asset asset_uplot_css(void);
struct asset asset_uplot_js(void);

#endif
