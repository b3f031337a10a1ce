// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dom.js - how elements are made and redrawn. Names from targets become text, or the
 * value of an attribute that no browser takes for anything but text.
 */
import { shorten } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const SVG_NAMES = new Set(["svg", "g", "rect", "line", "path", "circle", "text", "defs", "pattern"]);
const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "open", "tabIndex"]);

function put(element, child) {
	if (child === null || child === undefined || child === false)
		return;
	if (Array.isArray(child))
		child.forEach((one) => put(element, one));
	else
		element.append(typeof child === "object" ? child : shorten(String(child), 4000));
}

/**
 * el("button", { class: "quiet", onclick: fn, aria-label: "…" }, "text", element, [more])
 * Values that are undefined, null or false leave the attribute out.
 */
export function el(name, attributes = {}, ...children) {
	const element = SVG_NAMES.has(name) ? document.createElementNS(SVG, name)
		: document.createElement(name);

	for (const [key, value] of Object.entries(attributes)) {
		if (typeof value === "function")
			element.addEventListener(key.replace(/^on/, ""), value);
		else if (PROPERTIES.has(key))
			element[key] = value;
		else if (value !== undefined && value !== null && value !== false)
			element.setAttribute(key, value === true ? "" : String(value));
	}
	put(element, children);
	return element;
}

export function clear(element) {
	element.replaceChildren();
	return element;
}

/** Draws now, and once a frame after any change. @returns what asks for that */
export function redraws(shown, draw) {
	let asked = false;
	const ask = () => {
		if (asked)
			return;
		asked = true;
		requestAnimationFrame(() => {
			asked = false;
			draw(shown.get());
		});
	};

	shown.subscribe(ask);
	draw(shown.get());
	return ask;
}

/* -- day and night -- */

const THEME = "blockprof-theme";
const THEMES = ["auto", "light", "dark"];
const themeSubscribers = new Set();
const night = () => matchMedia("(prefers-color-scheme: dark)");

export function theme() {
	return document.documentElement.dataset.theme || "auto";
}

export function isDark() {
	return theme() === "auto" ? night().matches : theme() === "dark";
}

function setTheme(name) {
	document.documentElement.dataset.theme = THEMES.includes(name) ? name : "auto";
	for (const subscriber of themeSubscribers)
		subscriber();
}

/** The next of auto, light and dark; kept for the tab, where the browser has room for that. */
export function nextTheme() {
	setTheme(THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]);
	try {
		sessionStorage.setItem(THEME, theme());
	} catch {
		/* a page without storage has its theme until it is closed */
	}
	return theme();
}

export function startTheme() {
	let kept = null;

	try {
		kept = sessionStorage.getItem(THEME);
	} catch {
		/* as above */
	}
	setTheme(kept);
	night().addEventListener("change", () => setTheme(theme()));
}

/** What draws with colours of its own is told when they change. */
export function onTheme(subscriber) {
	themeSubscribers.add(subscriber);
}

/* -- the one tooltip -- */

let tooltip = null;

/** rows: strings or elements, the first is the title. x, y: of the pointer, in the window. */
export function showTip(x, y, rows) {
	if (!tooltip) {
		tooltip = el("div", { class: "tip", "aria-hidden": "true" });
		document.body.append(tooltip);
	}
	clear(tooltip).append(...rows.filter((row) => row !== "").map((row, at) =>
		el("div", { class: at ? "" : "title" }, typeof row === "string" ? shorten(row, 400) : row)));
	tooltip.hidden = false;

	const { width, height } = tooltip.getBoundingClientRect();
	const left = Math.max(4, Math.min(x + 14, innerWidth - width - 8));
	const top = y + 18 + height > innerHeight ? Math.max(4, y - height - 12) : y + 18;

	tooltip.style.left = `${left}px`;
	tooltip.style.top = `${top}px`;
}

export function hideTip() {
	if (tooltip)
		tooltip.hidden = true;
}

/** A canvas as sharp as the screen is, of this size in the page's pixels. @returns its context */
export function sizeCanvas(canvas, width, height) {
	const ratio = Math.min(4, window.devicePixelRatio || 1);
	const context = canvas.getContext("2d");

	canvas.width = Math.max(1, Math.round(width * ratio));
	canvas.height = Math.max(1, Math.round(height * ratio));
	canvas.style.width = `${width}px`;
	canvas.style.height = `${height}px`;
	context.setTransform(ratio, 0, 0, ratio, 0, 0);
	return context;
}

/** fn() when the element's width has changed. */
export function onWidth(element, fn) {
	let width = element.clientWidth;

	new ResizeObserver(() => {
		if (element.clientWidth !== width) {
			width = element.clientWidth;
			fn();
		}
	}).observe(element);
}
