// SPDX-License-Identifier: GPL-2.0-or-later
/* home.c - what a container is called where it has no name. */
#include "model/home.h"

#include <stdio.h>
#include <string.h>

#include "model/model.h"

#define ID_LENGTH 64 /* of identifiers that nobody reads whole */

struct home loop_home(const struct loop_record *loop)
{
	return (struct home){
		.unit = loop->unit,
		.container = loop->container,
		.container_name = loop->container_name,
		.pod = loop->pod,
		.namespace = loop->namespace,
	};
}

const char *home_container(const struct home *home, char room[HOME_SHORT_BYTES])
{
	if (home->container_name || !home->container || strlen(home->container) != ID_LENGTH)
		return home->container_name ? home->container_name : home->container;
	snprintf(room, HOME_SHORT_BYTES, "%.12s", home->container);
	return room;
}
