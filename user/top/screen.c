// SPDX-License-Identifier: GPL-2.0-or-later
/* screen.c - the terminal: its modes, colours, and what stands in which line. */
#include "top/screen.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <curses.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "top/columns.h"
#include "top/painter.h"

#define HEAD_LINES 2 /* the second has the titles of columns, and is empty above a text */
#define FOOT_LINES 1
#define ESCAPE_MS  25 /* in which the sequence of a key has to be complete */

enum colour {
	COLOUR_ALARM = 1,
	COLOUR_GROWING,
	COLOUR_DIM,
};

struct screen {
	SCREEN *terminal;
	struct painter *painter;
	bool utf8;
	bool colour;
};

static void open_colours(struct screen *screen)
{
	const char *no_colour = getenv("NO_COLOR");

	if ((no_colour && *no_colour) || !has_colors() || start_color() == ERR)
		return;
	screen->colour = use_default_colors() == OK;
	init_pair(COLOUR_ALARM, COLOR_RED, -1);
	init_pair(COLOUR_GROWING, COLOR_YELLOW, -1);
	init_pair(COLOUR_DIM, COLOR_CYAN, -1);
}

void screen_close(struct screen *screen)
{
	if (!screen)
		return;
	painter_free(screen->painter, STDOUT_FILENO);
	endwin();
	delscreen(screen->terminal);
	free(screen);
}

/* After Ctrl-S we would wait for Ctrl-Q in the middle of a line, while the ring runs over. */
static void no_flow_control(void)
{
	struct termios settings;

	if (tcgetattr(STDIN_FILENO, &settings))
		return;
	settings.c_iflag &= ~(tcflag_t)IXON;
	tcsetattr(STDIN_FILENO, TCSADRAIN, &settings);
	def_prog_mode();
}

int screen_open(struct screen **out)
{
	struct screen *screen = calloc(1, sizeof(*screen));
	int err;

	if (!screen)
		return -ENOMEM;
	setlocale(LC_CTYPE, "");
	screen->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	screen->terminal = newterm(NULL, stdout, stdin);
	if (!screen->terminal) {
		free(screen);
		return -ENOTTY;
	}
	set_term(screen->terminal);
	set_escdelay(ESCAPE_MS);
	cbreak();
	noecho();
	nonl();
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	leaveok(stdscr, TRUE);
	no_flow_control();
	curs_set(0);
	open_colours(screen);
	/* else the first getch() would write an empty screen */
	refresh();
	err = painter_new(&screen->painter);
	if (err) {
		screen_close(screen);
		return err;
	}
	*out = screen;
	return 0;
}

bool screen_is_busy(struct screen *screen)
{
	return painter_is_busy(screen->painter);
}

int screen_key(struct screen *screen)
{
	int key;

	if (painter_is_busy(screen->painter))
		return -1;
	key = getch();
	return key == ERR ? -1 : key;
}

size_t screen_height(const struct screen *screen)
{
	(void)screen;
	return LINES > HEAD_LINES + FOOT_LINES ? (size_t)LINES - HEAD_LINES - FOOT_LINES : 0;
}

unsigned int screen_columns(const struct screen *screen)
{
	(void)screen;
	return COLS > 0 ? (unsigned int)COLS : 1;
}

void screen_redraw(struct screen *screen)
{
	if (!painter_is_busy(screen->painter))
		clearok(curscr, TRUE);
}

/* -- drawing -- */

struct spot {
	int y, x;
};

/* A terminal that is not in UTF-8 would show something else for what is not ASCII. */
static void put(const struct screen *screen, struct spot spot, const char *text, attr_t attributes)
{
	size_t room = COLS > spot.x ? (size_t)(COLS - spot.x) : 0;
	__freeing char *shown = strndup(text, text_fit(text, room));

	if (!shown || spot.y >= LINES || !room)
		return;
	for (char *at = shown; *at && !screen->utf8; at++)
		if ((unsigned char)*at >= 0x80)
			*at = '?';
	attrset(attributes);
	mvaddstr(spot.y, spot.x, shown);
	attrset(A_NORMAL);
}

static void put_line(const struct screen *screen, int y, const char *text, attr_t attributes)
{
	if (y >= LINES)
		return;
	move(y, 0);
	clrtoeol();
	if (attributes & A_REVERSE)
		mvchgat(y, 0, -1, A_REVERSE, 0, NULL);
	put(screen, (struct spot){ y, 0 }, text, attributes);
	if (attributes & A_REVERSE)
		mvchgat(y, 0, -1, A_REVERSE, 0, NULL);
}

static attr_t coloured(const struct screen *screen, enum colour colour, attr_t attributes)
{
	return attributes | (screen->colour ? (attr_t)COLOR_PAIR(colour) : 0);
}

static void draw_titles(const struct screen *screen, const struct view *view,
			const struct column_places *places)
{
	put_line(screen, 1, "", A_REVERSE);
	for (size_t i = 0; i < places->nr; i++) {
		const struct column_place *place = &places->v[i];
		const char *title = columns_title(place->column);
		struct spot spot = { 1, (int)place->x };
		attr_t attributes = A_REVERSE;

		if (columns_are_figures(place->column))
			spot.x += (int)place->width - (int)strlen(title);
		if (place->column == view->order.column)
			attributes |= A_BOLD | A_UNDERLINE;
		put(screen, spot, title, attributes);
	}
}

static attr_t look_of(const struct screen *screen, const struct board_row *row,
		      enum board_column column)
{
	bool grows = (column == COLUMN_TASKS && row->tasks_grow) ||
		     (column == COLUMN_THREADS && row->threads_grow);

	if (grows)
		return coloured(screen, COLOUR_GROWING, A_BOLD);
	if (row->ended)
		return A_DIM;
	if (row->stalled_ns && column == COLUMN_STALLED)
		return coloured(screen, COLOUR_ALARM, A_BOLD);
	return row->stalled ? A_BOLD : A_NORMAL;
}

static void draw_row(const struct screen *screen, int y, const struct board_row *row,
		     const struct column_places *places)
{
	put_line(screen, y, "", A_NORMAL);
	for (size_t i = 0; i < places->nr; i++) {
		const struct column_place *place = &places->v[i];
		__freeing char *cell = columns_cell(row, place->column, place->width);

		if (cell)
			put(screen, (struct spot){ y, (int)place->x }, cell,
			    look_of(screen, row, place->column));
	}
}

static void finish(const struct screen *screen, const char *foot)
{
	if (LINES > 1)
		put_line(screen, LINES - 1, foot, coloured(screen, COLOUR_DIM, A_NORMAL));
	wnoutrefresh(stdscr);
	painter_paint(screen->painter);
}

void screen_list(struct screen *screen, const struct screen_frame *frame,
		 const struct board_rows *rows)
{
	struct column_places places = columns_fit(screen_columns(screen));
	size_t height = screen_height(screen);

	if (painter_is_busy(screen->painter))
		return;
	put_line(screen, 0, frame->head, A_BOLD);
	draw_titles(screen, frame->view, &places);
	for (size_t i = 0; i < height; i++) {
		int y = HEAD_LINES + (int)i;
		size_t at = frame->view->first + i;

		if (at >= rows->nr) {
			put_line(screen, y, !rows->nr && !i ? "no event loop yet" : "", A_NORMAL);
			continue;
		}
		draw_row(screen, y, &rows->v[at], &places);
		if (at == frame->view->selected)
			mvchgat(y, 0, -1, A_REVERSE | (rows->v[at].stalled ? A_BOLD : 0), 0, NULL);
	}
	finish(screen, frame->foot);
}

void screen_text(struct screen *screen, const struct screen_frame *frame, const struct lines *lines)
{
	static const attr_t plain[] = {
		[LINE_PLAIN] = A_NORMAL, [LINE_HEAD] = A_BOLD, [LINE_ALARM] = A_BOLD
	};
	size_t height = screen_height(screen);

	if (painter_is_busy(screen->painter))
		return;
	put_line(screen, 0, frame->head, A_BOLD);
	put_line(screen, 1, "", A_NORMAL);
	for (size_t i = 0; i < height; i++) {
		size_t at = frame->view->scroll + i;
		const struct line *line = at < lines->nr ? &lines->v[at] : NULL;
		attr_t attributes = line ? plain[line->emphasis] : A_NORMAL;

		if (line && line->emphasis == LINE_ALARM)
			attributes = coloured(screen, COLOUR_ALARM, attributes);
		put_line(screen, HEAD_LINES + (int)i, line ? line->text : "", attributes);
	}
	finish(screen, frame->foot);
}
