# SPDX-License-Identifier: GPL-2.0-or-later
# nginx_files.py (below fuse_mount.py 300)
# nginx, one process, sendfile on, sends a file of a file system whose reads take 300 ms. A child
# asks each 0.6 s; what it waits is what nginx was blocked.
# Right: file, in sendfile: ./mnt/x, behind it the process that is the file system.
import os
import socket
import time

from truth import note

listener = socket.create_server(("127.0.0.1", 0))
port = listener.getsockname()[1]
listener.close()
here = os.getcwd()
with open("nginx.conf", "w") as file:
    file.write(
        """daemon off; master_process off; user root; error_log stderr; pid {here}/nginx.pid;
events {{ worker_connections 64; }}
http {{ access_log off; sendfile on; client_body_temp_path {here}/b; proxy_temp_path {here}/p;
fastcgi_temp_path {here}/f; uwsgi_temp_path {here}/u; scgi_temp_path {here}/s;
server {{ listen 127.0.0.1:{port}; location / {{ root {here}/mnt; }} }} }}
""".format(here=here, port=port)
    )


def ask():
    with socket.create_connection(("127.0.0.1", port)) as sock:
        start = time.monotonic_ns()
        sock.send(b"GET /x HTTP/1.0\r\n\r\n")
        while sock.recv(1 << 20):
            pass
        note("file", start)


if os.fork() == 0:
    while True:
        time.sleep(0.6)
        try:
            ask()
        except ConnectionError:
            pass
os.execvp("nginx", ["nginx", "-p", here, "-c", here + "/nginx.conf"])
