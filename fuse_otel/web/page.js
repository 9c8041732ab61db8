// Local times, and parts that open without a request. Every page works without this file.
"use strict";

const two = (number) => String(number).padStart(2, "0");

function local(moment, short) {
  const clock = [moment.getHours(), moment.getMinutes(), moment.getSeconds()].map(two).join(":");
  if (short) return clock;
  const date = [moment.getFullYear(), two(moment.getMonth() + 1), two(moment.getDate())].join("-");
  const east = -moment.getTimezoneOffset();
  const away = Math.abs(east);
  return `${date} ${clock} UTC${east < 0 ? "-" : "+"}${two(Math.trunc(away / 60))}:${two(away % 60)}`;
}

function showTimes() {
  const wanted = location.hash === "#local";
  for (const time of document.querySelectorAll("time[datetime]")) {
    time.dataset.text ??= time.textContent;
    const short = time.closest(".waterfall, .records") !== null;
    time.textContent = wanted ? local(new Date(time.dateTime), short) : time.dataset.text;
  }
  for (const link of document.querySelectorAll("a.times")) {
    link.hidden = false;
    link.textContent = wanted ? "Times in UTC" : "Local times";
    link.setAttribute("href", wanted ? "#utc" : "#local");
  }
}

// Takes the fresh content into the page, so that the place and the opened parts stay.
async function refresh() {
  if (document.hidden || !getSelection().isCollapsed) return;
  const answer = await fetch(location.href.split("#")[0], { cache: "no-store" });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("main");
  const before = document.querySelector("main");
  const focused = [...before.querySelectorAll("a, summary")].indexOf(document.activeElement);
  const open = [...before.querySelectorAll("details")].map((each) => each.open);
  fresh.querySelectorAll("details").forEach((each, place) => { each.open = open[place] ?? each.open; });
  before.replaceWith(fresh);
  fresh.querySelectorAll("a, summary")[focused]?.focus({ preventScroll: true });
  showTimes();
}

function openAll(event) {
  event.preventDefault();
  const open = event.currentTarget.dataset.open === "all";
  for (const each of document.querySelectorAll(".waterfall > li > details")) each.open = open;
}

for (const link of document.querySelectorAll("a[data-open]")) link.addEventListener("click", openAll);
addEventListener("hashchange", showTimes);
showTimes();

const seconds = Number(document.body.dataset.refresh);
// A daemon that restarts is asked again next time.
if (seconds) setInterval(() => refresh().catch(() => {}), seconds * 1000);
