/**
 * What the admin page does in the browser: asks the same routes as everybody else once a second and shows the differences as
 * rates. Names come from config and from the network, so all of them go through textContent.
 */
export const SCRIPT = `
"use strict";
const HISTORY = 60;
const histories = new Map();
let before = null;

const element = (name, attributes, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.map((child) => (child instanceof Node ? child : document.createTextNode(String(child)))));
  return made;
};
const cell = (content, kind) => element("td", kind ? { class: kind } : {}, content);
const number = (value) => (value >= 1000 ? Math.round(value).toLocaleString("en") : String(Math.round(value * 10) / 10));

function spark(key, value) {
  const history = histories.get(key) ?? [];
  history.push(value);
  if (history.length > HISTORY) history.shift();
  histories.set(key, history);
  const top = Math.max(1, ...history);
  const points = history.map((v, i) => (i * 120) / (HISTORY - 1) + "," + (17 - (v / top) * 16)).join(" ");
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "spark");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  line.setAttribute("points", points);
  svg.append(line);
  return svg;
}

function rows(id, list) {
  document.getElementById(id).replaceChildren(...list);
}

async function get(path) {
  const answer = await fetch(path);
  return answer.json();
}

async function look() {
  const filter = "downstream_rq_total$|downstream_cx_(total|active)$|downstream_rq_5xx$|upstream_rq_(total|5xx|active)$|upstream_cx_active$";
  const [info, listeners, clusters, stats] = await Promise.all([
    get("server_info"),
    get("listeners?format=json"),
    get("clusters?format=json"),
    get("stats?format=json&filter=" + encodeURIComponent(filter)),
  ]);
  const values = new Map(stats.stats.filter((stat) => "value" in stat).map((stat) => [stat.name, stat.value]));
  for (const cluster of clusters.cluster_statuses ?? [])
    for (const host of cluster.host_statuses ?? [])
      for (const stat of host.stats) values.set(hostKey(cluster, host) + stat.name, Number(stat.value ?? 0));
  const now = performance.now();
  const seconds = before === null ? 0 : (now - before.now) / 1000;
  const rate = (name) => (seconds === 0 ? 0 : Math.max(0, (values.get(name) ?? 0) - (before.values.get(name) ?? 0)) / seconds);
  show({ info, listeners, clusters, values, rate });
  before = { now, values };
}

const hostKey = (cluster, host) => cluster.name + "\\0" + address(host.address) + "\\0";
const address = (a) => (a === undefined ? "" : a.pipe ? a.pipe.path : a.socket_address.address + ":" + (a.socket_address.port_value ?? 0));

function show({ info, listeners, clusters, values, rate }) {
  const state = document.getElementById("state");
  state.textContent = info.state;
  state.className = info.state === "LIVE" ? "good" : "warn";
  document.getElementById("about").textContent = info.version + ", up " + info.uptime_current_epoch;
  rows("listeners", (listeners.listener_statuses ?? []).flatMap((listener) => {
    const all = [listener.local_address, ...(listener.additional_local_addresses ?? [])];
    return all.map((a) => {
      const prefix = "listener." + address(a).replaceAll(":", "_") + ".";
      const opened = rate(prefix + "downstream_cx_total");
      return element("tr", {}, cell(listener.name), cell(address(a)),
        cell(number(values.get(prefix + "downstream_cx_active") ?? 0), "number"), cell(number(opened), "number"), cell(spark(prefix, opened)));
    });
  }));
  const managers = [...values.keys()].filter((name) => /^http\\..*\\.downstream_rq_total$/.test(name) && name !== "http.admin.downstream_rq_total");
  rows("managers", managers.map((name) => {
    const prefix = name.slice(0, -"downstream_rq_total".length);
    const requests = rate(name);
    const failures = rate(prefix + "downstream_rq_5xx");
    return element("tr", {}, cell(prefix.slice(5, -1)), cell(number(values.get(name)), "number"), cell(number(requests), "number"),
      cell(number(failures), failures > 0 ? "number bad" : "number"), cell(number(values.get(prefix + "downstream_cx_active") ?? 0), "number"), cell(spark(name, requests)));
  }));
  rows("clusters", (clusters.cluster_statuses ?? []).flatMap((cluster) => clusterRows(cluster, values, rate)));
}

function clusterRows(cluster, values, rate) {
  const prefix = "cluster." + cluster.observability_name.replaceAll(":", "_") + ".";
  const requests = rate(prefix + "upstream_rq_total");
  const failures = rate(prefix + "upstream_rq_5xx");
  const head = element("tr", {}, element("td", {}, element("b", {}, cluster.name)), cell(""), cell(""),
    cell(number(values.get(prefix + "upstream_cx_active") ?? 0), "number"), cell(number(values.get(prefix + "upstream_rq_active") ?? 0), "number"),
    cell(number(requests), "number"), cell(number(failures), failures > 0 ? "number bad" : "number"), cell(spark(prefix, requests)));
  const hosts = (cluster.host_statuses ?? []).map((host) => {
    const key = hostKey(cluster, host);
    const health = host.health_status?.eds_health_status ?? "";
    const asked = rate(key + "rq_total");
    const failed = rate(key + "rq_error");
    return element("tr", {}, cell(host.hostname ?? "", "param dim"), cell(address(host.address)), cell(health, health === "HEALTHY" ? "good" : health === "DEGRADED" ? "warn" : "bad"),
      cell(number(values.get(key + "cx_active") ?? 0), "number"), cell(number(values.get(key + "rq_active") ?? 0), "number"),
      cell(number(asked), "number"), cell(number(failed), failed > 0 ? "number bad" : "number"), cell(spark(key, asked)));
  });
  return [head, ...hosts];
}

async function watch() {
  const trouble = document.getElementById("trouble");
  try {
    await look();
    trouble.textContent = "";
  } catch (error) {
    trouble.textContent = "no answer: " + error.message;
  }
  setTimeout(watch, 1000);
}
watch();
`;
