#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# nginx.sh
# nginx, a master and two workers, asked for a small file each 50 ms.
# Right: no stall.
cat >nginx.conf <<-END
	daemon off; user root; error_log stderr; pid $PWD/nginx.pid; worker_processes 2;
	events { worker_connections 64; }
	http { access_log off; client_body_temp_path $PWD/b; proxy_temp_path $PWD/p;
	fastcgi_temp_path $PWD/f; uwsgi_temp_path $PWD/u; scgi_temp_path $PWD/s;
	server { listen unix:$PWD/nginx.sock; location / { return 200 ok; } } }
END
python3 -c '
import socket, sys, time
while True:
    time.sleep(0.05)
    try:
        with socket.socket(socket.AF_UNIX) as sock:
            sock.connect(sys.argv[1])
            sock.send(b"GET / HTTP/1.0\r\n\r\n")
            sock.recv(1000)
    except OSError:
        pass
' "$PWD/nginx.sock" &
exec nginx -p "$PWD" -c "$PWD/nginx.conf"
