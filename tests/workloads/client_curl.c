// SPDX-License-Identifier: GPL-2.0-or-later
/* client_curl.c - curl_easy_perform() again and again, to a server in another thread that takes 150 ms. */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REQUESTS 12

static int listener;

static void *serve(void *unused)
{
	static const char answer[] = "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx";
	char request[4096];

	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0 || read(fd, request, sizeof(request)) <= 0)
			abort();
		usleep(150000);
		if (write(fd, answer, sizeof(answer) - 1) < 0)
			abort();
		close(fd);
	}
	return unused;
}

static size_t drop(char *data, size_t size, size_t nr, void *context)
{
	(void)data, (void)context;
	return size * nr;
}

int main(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	CURL *curl = curl_easy_init();
	pthread_t thread;
	char url[64];

	setvbuf(stdout, NULL, _IOLBF, 0);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 8) ||
	    getsockname(listener, (struct sockaddr *)&address, &length) ||
	    pthread_create(&thread, NULL, serve, NULL))
		abort();
	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", ntohs(address.sin_port));
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
	puts("READY");
	if (getchar() == EOF)
		return 0;
	for (int i = 0; i < REQUESTS; i++)
		if (curl_easy_perform(curl))
			abort();
	puts("DONE");
	while (getchar() != EOF)
		;
	return 0;
}
