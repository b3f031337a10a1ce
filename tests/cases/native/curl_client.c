// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * curl_client.c
 * A synchronous program that asks by curl_easy_perform(), 250 ms for each answer, computes 50 ms
 * and sleeps 150 ms between two: a client, no loop.
 * Right: no stall.
 */
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "truth.h"

static void serve(int listener, long ms)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

	for (;;) {
		int peer = accept(listener, NULL, NULL);
		char data[2000];

		if (fork()) {
			close(peer);
			continue;
		}
		while (read(peer, data, sizeof(data)) > 0) {
			nap(ms);
			if (write(peer, answer, sizeof(answer) - 1) < 0)
				break;
		}
		_exit(0);
	}
}

static size_t ignore(char *data, size_t size, size_t count, void *unused)
{
	(void)data, (void)unused;
	return size * count;
}

int main(void)
{
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t size = sizeof(address);
	char url[100];
	CURL *handle;

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(listener, (void *)&address, sizeof(address)) || listen(listener, 20))
		return 1;
	getsockname(listener, (void *)&address, &size);
	if (!fork())
		serve(listener, 250);
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", ntohs(address.sin_port));
	handle = curl_easy_init();
	curl_easy_setopt(handle, CURLOPT_URL, url);
	curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, ignore);
	for (;;) {
		curl_easy_perform(handle);
		spin(50);
		nap(150);
	}
}
