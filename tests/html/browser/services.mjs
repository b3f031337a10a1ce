// SPDX-License-Identifier: GPL-2.0-or-later
/* services.mjs - running services whose page is opened, an asyncio program that they watch, and a reverse proxy. */
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { after } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const place = mkdtempSync(`${tmpdir()}/blockprof-page-`);
const running = [];

/* What else runs here is none of the tests' business: only programs of this name are watched. */
const COMM = `page-${process.pid}`;
const NGINX = ["/usr/sbin/nginx", "/usr/bin/nginx"].find((path) => existsSync(path));

/** Why there can be no service here; "": there can. */
export const obstacle = process.getuid() ? "serve needs root" : "";
export const proxyObstacle = obstacle || (NGINX ? "" : "nginx is not installed");

after(() => {
	for (const child of running)
		child.kill("SIGKILL");
	rmSync(place, { recursive: true, force: true });
});

async function until(done, what) {
	for (let i = 0; i < 600; i++) {
		if (await done())
			return;
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	throw new Error(`never: ${typeof what === "function" ? what() : what}`);
}

function start(program, args, options = {}) {
	const child = spawn(program, args, { stdio: ["pipe", "pipe", "pipe"], ...options });

	child.said = "";
	for (const stream of [child.stdout, child.stderr])
		stream.on("data", (data) => (child.said += data));
	running.push(child);
	return child;
}

export function freePort() {
	return new Promise((resolve) => {
		const server = createServer().listen(0, "127.0.0.1", () => {
			const { port } = server.address();

			server.close(() => resolve(port));
		});
	});
}

const once = (make) => {
	let made = null;

	return () => (made ||= make());
};

/** A program with an asyncio loop: block() has it sleep once for so long, in the function that it returns. */
export async function makeTarget(seconds, count) {
	const python = `${place}/${COMM}`;

	if (!existsSync(python))
		symlinkSync(execFileSync(process.env.PYTHON || "python3", ["-c", "import os, sys; print(os.path.realpath(sys.executable))"], { encoding: "utf8" }).trim(), python);
	const child = start(python, [`${root}tests/workloads/asyncio_target.py`, "sleep", `--seconds=${seconds}`, `--count=${count}`]);

	await until(() => child.said.includes("READY"), () => `the target is ready: ${child.said}`);
	return {
		pid: child.pid,
		go: () => child.stdin.write("go\n"),
		turns: () => child.said.split("TURN").length - 1,
		end: () => child.kill("SIGKILL"),
	};
}

/** One with a loop, whose memory does not come to who reads it: only that can be said of it. */
export async function makeUnreadable() {
	const program = `${place}/unreadable/${COMM}`;

	mkdirSync(`${place}/unreadable`, { recursive: true });
	execFileSync("gcc", ["-g", "-O1", "-o", program, `${root}tests/cases/native/hanging_page.c`, "-lpthread"]);
	const child = start(program, []);

	await until(() => child.said.includes("T sleep"), () => `the target blocks: ${child.said}`);
	return { end: () => child.kill("SIGKILL") };
}

export async function makeService(listen, state) {
	const directory = `${place}/${state}`;
	const child = start(process.env.BLOCKPROF || `${root}blockprof`, ["serve", "-t", "150ms", "-c", COMM, "--state-dir", directory, "--listen", listen]);

	await until(() => child.said.includes("watching the whole system") || child.exitCode !== null, () => `serve watches: ${child.said}`);
	return {
		token: () => readFileSync(`${directory}/token`, "utf8").trim(),
		end: async () => {
			child.kill("SIGTERM");
			await until(() => child.exitCode !== null || child.signalCode !== null, "serve ends");
		},
	};
}

/** One for all that do not stop it: {token(), address}. */
export const service = once(async () => {
	const port = await freePort();

	return { ...await makeService(`127.0.0.1:${port}`, "tcp"), port, address: `http://127.0.0.1:${port}/` };
});

/** Below /blockprof/ the same one, below /group/ one that answers by a unix socket. The address of the proxy. */
export const proxy = once(async () => {
	const port = await freePort(), tcp = await service(), socket = `${place}/http`, config = `${place}/nginx.conf`;

	await makeService(`unix:${socket}`, "unix");
	writeFileSync(config, `daemon off; master_process off; pid ${place}/nginx.pid; error_log stderr;
		events {}
		http {
			access_log off;
			${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${place}/${name};`).join(" ")}
			server {
				listen 127.0.0.1:${port};
				absolute_redirect off;
				location /blockprof/ { proxy_pass http://127.0.0.1:${tcp.port}/; }
				location = /stripped { proxy_pass http://127.0.0.1:${tcp.port}/; }
				location /stripped/ { proxy_pass http://127.0.0.1:${tcp.port}/; }
				location /group/ { proxy_pass http://unix:${socket}:/; }
			}
		}
	`);
	chmodSync(place, 0o711);
	const child = start(NGINX, ["-c", config, "-e", "stderr"]);

	await until(() => existsSync(`${place}/nginx.pid`), () => `nginx: ${child.said}`);
	return `http://127.0.0.1:${port}`;
});
