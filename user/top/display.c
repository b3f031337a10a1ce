// SPDX-License-Identifier: GPL-2.0-or-later
/* display.c - what each page reads from the board, and for how long a note is shown. */
#include "top/display.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <curses.h>

#include "base/cleanup.h"
#include "text/words.h"
#include "top/columns.h"
#include "top/detail.h"
#include "top/keys.h"
#include "top/screen.h"

#define NOTE_REFRESHES 5 /* so long a note stays in the bottom line */

struct display {
	struct screen *screen;
	struct board *board;
	struct notes *notes;
	uint64_t threshold_ns;
	uint64_t lost;
	struct view view;
	struct board_rows rows;
	struct lines lines; /* of the detail view, or help */
	char *note; /* shown instead of the keys for a while */
	unsigned int note_left;
};

int display_open(struct display **out, struct board *board, struct notes *notes,
		 uint64_t threshold_ns)
{
	struct display *display = calloc(1, sizeof(*display));
	int err;

	if (!display)
		return -ENOMEM;
	display->board = board;
	display->notes = notes;
	display->threshold_ns = threshold_ns;
	err = screen_open(&display->screen);
	if (err) {
		free(display);
		return err;
	}
	*out = display;
	return 0;
}

void display_close(struct display *display)
{
	if (!display)
		return;
	screen_close(display->screen);
	lines_free(&display->lines);
	free(display->note);
	free(display);
}

bool display_is_paused(const struct display *display)
{
	return display->view.paused;
}

bool display_is_busy(const struct display *display)
{
	return screen_is_busy(display->screen);
}

/* -- what is shown -- */

static void read_rows(struct display *display)
{
	struct view *view = &display->view;

	display->rows = board_sorted(display->board, &view->order);
	view_follow(view, &display->rows, screen_height(display->screen));
}

static void set_note(struct display *display, const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		return;
	free(display->note);
	display->note = copy;
	display->note_left = NOTE_REFRESHES;
}

/* The loop's page; back to the list if the loop is gone. */
static void read_detail(struct display *display)
{
	struct view *view = &display->view;
	struct look look = { .columns = screen_columns(display->screen), .unfold = view->unfold };
	struct board_row rows[WINDOW_NR];

	for (int window = 0; window < WINDOW_NR; window++) {
		if (board_row(display->board, view->number, (enum board_window)window,
			      &rows[window]))
			continue;
		view->page = PAGE_LIST;
		set_note(display, "the loop has ended");
		return;
	}
	lines_free(&display->lines);
	detail_lines(&display->lines, rows, board_history(display->board, view->number), &look);
}

static void read_page(struct display *display)
{
	size_t height = screen_height(display->screen), last;

	if (display->view.page == PAGE_DETAIL) {
		read_detail(display);
	} else if (display->view.page == PAGE_HELP) {
		lines_free(&display->lines);
		keys_help(&display->lines);
	}
	/* there may be fewer lines now, or room for more of them */
	last = display->lines.nr > height ? display->lines.nr - height : 0;
	if (display->view.scroll > last)
		display->view.scroll = last;
}

/* "blockprof top  12 loops, 34 stalls over 100 ms  last 10 s  14:03:22" */
static char *head_line(const struct display *display)
{
	const struct view *view = &display->view;
	char threshold[DURATION_BYTES], lost[64] = "", when[16] = "", *line = NULL;
	uint64_t stalls = board_stalls(display->board);
	uint64_t left_out = board_left_out(display->board);
	time_t now = time(NULL);
	struct tm tm;

	if (localtime_r(&now, &tm))
		strftime(when, sizeof(when), "%H:%M:%S", &tm);
	words_duration(display->threshold_ns, threshold);
	if (display->lost || left_out)
		snprintf(lost, sizeof(lost), ", %" PRIu64 " lost", display->lost + left_out);
	if (asprintf(&line, "%sblockprof top  %zu loop%s, %" PRIu64 " stall%s over %s%s  %s  %s",
		     view->paused ? "PAUSED  " : "", display->rows.nr,
		     display->rows.nr == 1 ? "" : "s", stalls, stalls == 1 ? "" : "s", threshold,
		     lost, detail_window(view->order.window), when) < 0)
		return NULL;
	return line;
}

static void draw(struct display *display)
{
	const struct view *view = &display->view;
	__freeing char *head = head_line(display);
	const char *foot = display->note_left ? display->note : keys_line(view->page);

	const struct screen_frame frame = { head ? head : "", foot, view };

	if (view->page == PAGE_LIST)
		screen_list(display->screen, &frame, &display->rows);
	else
		screen_text(display->screen, &frame, &display->lines);
}

void display_refresh(struct display *display, uint64_t lost)
{
	const char *note = display->notes ? notes_read(display->notes) : NULL;

	if (display->note_left)
		display->note_left--;
	if (note)
		set_note(display, note);
	if (!display->view.paused) {
		display->lost = lost;
		read_rows(display);
		read_page(display);
	}
	draw(display);
}

/* -- keys -- */

static void take_key(struct display *display, int key)
{
	struct view *view = &display->view;
	const struct view_content content = {
		.rows = display->rows,
		.lines = display->lines.nr,
		.height = screen_height(display->screen),
	};
	int action = keys_action(key);
	bool other_page;

	if (action == ACTION_REDRAW)
		screen_redraw(display->screen);
	other_page = action == ACTION_ENTER || action == ACTION_BACK || action == ACTION_HELP;
	/* any key takes a note away */
	display->note_left = 0;
	view_act(view, action, &content);
	/* a new size of the terminal comes as a key, too */
	if (other_page || action == ACTION_UNFOLD || key == KEY_RESIZE)
		read_page(display);
	if (action >= ACTION_SORT || action == ACTION_SORT_NEXT || action == ACTION_SORT_PREVIOUS ||
	    action == ACTION_REVERSE || action == ACTION_WINDOW)
		read_rows(display);
	if (key == KEY_RESIZE)
		view_follow(view, &display->rows, content.height);
}

bool display_keys(struct display *display)
{
	bool changed = false;
	int key;

	while (!display->view.quit && (key = screen_key(display->screen)) >= 0) {
		take_key(display, key);
		changed = true;
	}
	if (changed && !display->view.quit)
		draw(display);
	return !display->view.quit;
}
