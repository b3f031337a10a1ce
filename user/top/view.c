// SPDX-License-Identifier: GPL-2.0-or-later
/* view.c - what each action does to the page, the selection, the order and the scroll. */
#include "top/view.h"

static size_t moved(size_t from, int action, size_t nr, size_t height)
{
	size_t page = height > 1 ? height - 1 : 1, last = nr ? nr - 1 : 0;

	switch (action) {
	case ACTION_UP:
		from = from ? from - 1 : 0;
		break;
	case ACTION_DOWN:
		from++;
		break;
	case ACTION_PAGE_UP:
		from = from > page ? from - page : 0;
		break;
	case ACTION_PAGE_DOWN:
		from += page;
		break;
	case ACTION_HOME:
		from = 0;
		break;
	case ACTION_END:
		from = last;
	}
	return from > last ? last : from;
}

static void show(struct view *view, size_t height)
{
	if (view->selected < view->first)
		view->first = view->selected;
	if (height && view->selected >= view->first + height)
		view->first = view->selected - height + 1;
}

void view_follow(struct view *view, const struct board_rows *rows, size_t height)
{
	size_t at = 0, nr = rows->nr;

	if (view->number) {
		while (at < nr && rows->v[at].number != view->number)
			at++;
		if (at == nr) {
			/* it has ended: the next one takes its place */
			at = view->selected < nr ? view->selected : nr ? nr - 1 : 0;
			view->number = at && nr ? rows->v[at].number : 0;
		}
	}
	view->selected = at;
	if (view->first + height > nr)
		view->first = nr > height ? nr - height : 0;
	show(view, height);
}

static void move(struct view *view, int action, const struct view_content *content)
{
	size_t height = content->height, lines = content->lines;

	if (view->page != PAGE_LIST) {
		size_t places = lines > height ? lines - height + 1 : 1;

		view->scroll = moved(view->scroll, action, places, height);
		return;
	}
	view->selected = moved(view->selected, action, content->rows.nr, height);
	/* at the top, the worst loop is selected, whichever that is */
	view->number = view->selected ? content->rows.v[view->selected].number : 0;
	show(view, height);
}

static void enter(struct view *view, const struct board_rows *rows)
{
	if (view->page != PAGE_LIST || view->selected >= rows->nr)
		return;
	view->number = rows->v[view->selected].number;
	view->page = PAGE_DETAIL;
	view->scroll = 0;
}

static void back(struct view *view)
{
	if (view->page == PAGE_LIST)
		view->quit = true;
	else
		view->page = view->page == PAGE_HELP ? view->behind : PAGE_LIST;
	view->scroll = 0;
}

static void help(struct view *view)
{
	if (view->page == PAGE_HELP) {
		back(view);
		return;
	}
	view->behind = view->page;
	view->page = PAGE_HELP;
	view->scroll = 0;
}

static void sort_by(struct view *view, enum board_column column)
{
	/* a second time reverses it */
	view->order.reversed = view->order.column == column && !view->order.reversed;
	view->order.column = column;
}

void view_act(struct view *view, int action, const struct view_content *content)
{
	switch (action) {
	case ACTION_UP:
	case ACTION_DOWN:
	case ACTION_PAGE_UP:
	case ACTION_PAGE_DOWN:
	case ACTION_HOME:
	case ACTION_END:
		move(view, action, content);
		break;
	case ACTION_ENTER:
		enter(view, &content->rows);
		break;
	case ACTION_BACK:
		back(view);
		break;
	case ACTION_QUIT:
		view->quit = true;
		break;
	case ACTION_HELP:
		help(view);
		break;
	case ACTION_PAUSE:
		view->paused = !view->paused;
		break;
	case ACTION_WINDOW:
		view->order.window = (view->order.window + 1) % WINDOW_NR;
		break;
	case ACTION_REVERSE:
		view->order.reversed = !view->order.reversed;
		break;
	case ACTION_UNFOLD:
		view->unfold = !view->unfold;
		break;
	case ACTION_SORT_NEXT:
		sort_by(view, (view->order.column + 1) % COLUMN_NR);
		break;
	case ACTION_SORT_PREVIOUS:
		sort_by(view, (view->order.column + COLUMN_NR - 1) % COLUMN_NR);
		break;
	default:
		if (action >= ACTION_SORT && action < ACTION_SORT + COLUMN_NR)
			sort_by(view, (enum board_column)(action - ACTION_SORT));
	}
}
