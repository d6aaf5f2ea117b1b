/**
 * A proxy between clients and upstreams that do what a seed says: sizes, pieces, order of events, and every kind of trouble.
 * Each request has a tag; its body, and the answer's, are made of the tag, so that nothing can be mixed up unseen.
 */

import { networkFilters } from "../../filters/registry.ts";
import { IpAddress } from "../../host/net/address.ts";
import { assignment, HTTP2_OPTIONS, httpConfig, route } from "../e2e/support/config.ts";
import type { FarEnd } from "../support/far_end.ts";
import { field, type Message } from "../support/http_messages.ts";
import type { Http2UpstreamEnd } from "../support/http2_upstream_end.ts";
import { randomNumbers } from "../support/random.ts";
import { SimulatedProxy } from "../support/simulated_proxy.ts";
import { Http2Upstreams } from "./http2_upstreams.ts";

/** What a world is made of; each follows from the seed alone. */
interface Nature {
  readonly clients: number;
  readonly requestsPerClient: number;
  /** Chance of trouble at each opportunity. */
  readonly trouble: number;
  readonly reloads: boolean;
  readonly largest: number;
  readonly kernelBytes: number;
  readonly readBytes: number;
  readonly tightLimits: boolean;
  /** What upstreams speak: HTTP/1.1, or HTTP/2. */
  readonly http2: boolean;
  /** The route tries again, with another host, within a limit for each try and for what may be kept of a body. */
  readonly retries: boolean;
}

interface Request {
  readonly tag: string;
  readonly method: string;
  readonly body: string;
  /** The client has said all of it. */
  isSent: boolean;
}

interface Client {
  readonly end: FarEnd;
  readonly requests: Request[];
  /** What the client did to deserve no answer; empty: nothing. */
  fault: string;
}

/** Who may stop reading for a while. */
type Sleeper = Pick<FarEnd, "socket">;

const PORTS = [9001, 9002, 9003];
const SLEEPS_MAX = 3;
const STATUSES = new Set([408, 502, 503, 504, 507]);
const RETRIES = {
  retry_policy: {
    retry_on: "5xx,reset,connect-failure,refused-stream",
    num_retries: 3,
    per_try_timeout: "4s",
    per_try_idle_timeout: "20s",
    retry_back_off: { base_interval: "0.02s" },
    host_selection_retry_max_attempts: 3,
    retry_host_predicate: [
      {
        name: "envoy.retry_host_predicates.previous_hosts",
        typed_config: {
          "@type": "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate",
        },
      },
    ],
  },
};

export class World {
  readonly seed: number;
  readonly nature: Nature;
  proxy!: SimulatedProxy;
  private readonly random: () => number;
  private readonly clients: Client[] = [];
  private readonly upstreamEnds: FarEnd[] = [];
  private readonly http2Upstreams: Http2Upstreams;
  private readonly requests = new Map<string, Request>();
  /** Things that somebody will do, in no order. */
  private later: (() => void)[] = [];
  private readonly sleeps = new Map<Sleeper, number>();
  /** Upstreams in the middle of an answer: nonsense from them would be content. */
  private readonly speaking = new Set<FarEnd>();
  private generation = 0;

  constructor(seed: number) {
    this.seed = seed;
    this.random = randomNumbers(seed);
    this.http2Upstreams = new Http2Upstreams({
      chance: (of) => this.chance(of),
      below: (limit) => this.below(limit),
      troubled: () => this.troubled(),
      body: (tag) => fill(tag, this.below(this.nature.largest)),
      sleep: (end) => this.sleep(end),
      later: (action) => void this.later.push(action),
    });
    const kernelBytes = this.pick([100, 4_096, 65_536]);
    this.nature = {
      clients: 3 + this.below(12),
      requestsPerClient: 1 + this.below(5),
      trouble: this.pick([0, 0, 0.02, 0.1, 0.3]),
      reloads: this.chance(0.3),
      largest: this.pick([100, 5_000, Math.min(kernelBytes * 200, 200_000)]),
      kernelBytes,
      readBytes: this.pick([50, 3_000, 65_536]),
      tightLimits: this.chance(0.3),
      http2: seed % 2 === 0,
      retries: seed % 10 === 0,
    };
  }

  /** Lives to the end. @returns what is wrong; empty: nothing */
  async live(): Promise<string[]> {
    const { nature } = this;
    this.proxy = await SimulatedProxy.start(this.config(), {
      networkFilters,
      seed: this.seed,
      kernelBytes: nature.kernelBytes,
      nextReadBytes: () => 1 + this.below(nature.readBytes),
      choose: (count) => this.below(count),
    });
    for (const port of PORTS) {
      if (nature.http2)
        await this.proxy.http2Upstream(port, (end) => this.serveHttp2(end), this.http2Upstreams.settings());
      else await this.proxy.upstream(port, (end) => this.serve(end));
    }
    for (let i = 0; i < nature.clients; i++) this.later.push(() => this.visit());
    while (this.later.length > 0) {
      const [action] = this.later.splice(this.below(this.later.length), 1);
      action?.();
      if (this.chance(0.5)) this.proxy.settle();
      if (this.chance(0.2)) this.proxy.advance(this.below(700));
      if (nature.reloads && this.chance(0.05)) await this.reload();
      // What somebody hears may make him do something.
      if (this.later.length === 0) this.proxy.settle();
    }
    this.proxy.network.route = () => "through";
    this.proxy.advance(20_000);
    // Whoever still waits leaves, and everything has its time.
    for (const { end } of this.clients) if (!end.isClosed) end.end();
    this.proxy.advance(1_000);
    for (const action of this.later.splice(0)) action();
    this.proxy.advance(4_000_000);
    return [...this.misdelivered(), ...this.mixedUp(), ...this.proxy.leftovers()];
  }

  /** One line that says what this world was. */
  describe(): string {
    const statuses = new Map<number, number>();
    for (const { end } of this.clients)
      for (const { status } of end.reader.complete) statuses.set(status, (statuses.get(status) ?? 0) + 1);
    return `seed ${this.seed}: ${JSON.stringify(this.nature)} ${JSON.stringify([...statuses])}`;
  }

  // --- what there is ---------------------------------------------------------------------------------------------------

  private config(): object {
    const { tightLimits } = this.nature;
    const http1 = { enable_trailers: true };
    const limits = { max_connections: 2, max_pending_requests: 2, max_requests: 3 };
    return httpConfig({
      routes: [route("/", "u", { timeout: "10s", ...(this.nature.retries ? RETRIES : {}) })],
      clusters: {
        u: {
          ...(this.nature.http2 ? HTTP2_OPTIONS : { http_protocol_options: http1 }),
          load_assignment: assignment("u", this.generation % 2 === 0 ? PORTS : PORTS.slice(1)),
          ...(tightLimits ? { circuit_breakers: { thresholds: [limits] } } : {}),
          ...(this.generation % 3 === 1 ? { connect_timeout: "2s" } : {}),
        },
      },
      manager: {
        http_protocol_options: http1,
        stream_idle_timeout: "30s",
        ...(this.generation % 2 === 1 ? { server_name: `generation-${this.generation}` } : {}),
      },
    });
  }

  private async reload(): Promise<void> {
    this.generation++;
    const problems = await this.proxy.apply(this.config());
    if (problems.length > 0) throw new Error(problems.join("\n"));
  }

  // --- clients ---------------------------------------------------------------------------------------------------------

  private visit(): void {
    const end = this.proxy.client();
    const client: Client = { end, requests: [], fault: "" };
    this.clients.push(client);
    const count = 1 + this.below(this.nature.requestsPerClient);
    const ask = () => {
      if (end.isClosed || client.fault !== "" || client.requests.length === count) return;
      if (client.requests.at(-1)?.isSent === false) {
        this.later.push(ask);
        return;
      }
      this.ask(client);
      // Now and then the next one is said without waiting for the answer.
      if (client.requests.length < count && this.chance(0.2)) this.later.push(ask);
    };
    end.whenRead = () => {
      if (client.requests.length < count && end.reader.complete.length === client.requests.length) this.later.push(ask);
      else if (client.requests.length === count && end.reader.complete.length === count && this.chance(0.7)) end.end();
      if (this.chance(0.05)) this.sleep(end);
    };
    this.later.push(ask);
  }

  private ask(client: Client): void {
    const tag = `t${this.seed}x${this.requests.size}`;
    const method = this.pick(["GET", "GET", "POST", "PUT", "HEAD"]);
    const hasBody = method === "POST" || method === "PUT";
    const body = hasBody ? fill(tag, this.below(this.nature.largest)) : "";
    const request: Request = { tag, method, body, isSent: false };
    this.requests.set(tag, request);
    client.requests.push(request);
    client.end.reader.methods.push(method);
    const text = `${method} /${tag} HTTP/1.1\r\nhost: simulation\r\n${hasBody ? this.framed(body) : "\r\n"}`;
    this.say(client, request, text);
  }

  private say(client: Client, request: Request, text: string): void {
    const { end } = client;
    if (client.fault !== "" || end.isClosed) return;
    const length = this.chance(0.6) ? text.length : this.below(text.length + 1);
    end.send(text.slice(0, length));
    request.isSent = length === text.length;
    if (this.troubled()) this.spoil(client, request.isSent);
    else if (!request.isSent) this.later.push(() => this.say(client, request, text.slice(length)));
  }

  private spoil(client: Client, isBetween: boolean): void {
    const { end } = client;
    client.fault = this.pick(["reset", "close", "end", ...(isBetween ? ["nonsense"] : ["silence"])]);
    if (client.fault === "reset") end.reset();
    else if (client.fault === "close") end.close();
    else if (client.fault === "end") end.end();
    else if (client.fault === "nonsense") end.send("\x00\x01nonsense\r\n\r\n");
  }

  /** Reads nothing for a while; not so often that its answer would time out. */
  private sleep(end: Sleeper): void {
    const times = (this.sleeps.get(end) ?? 0) + 1;
    if (times > SLEEPS_MAX) return;
    this.sleeps.set(end, times);
    end.socket.pauseReading();
    this.later.push(() => end.socket.resumeReading());
  }

  // --- upstreams -------------------------------------------------------------------------------------------------------

  private serve(end: FarEnd): void {
    this.upstreamEnds.push(end);
    let answered = 0;
    if (this.troubled()) {
      end.reset();
      return;
    }
    end.whenRead = () => {
      const { complete } = end.reader;
      while (answered < complete.length) {
        const message = complete[answered++] as Message;
        if (this.chance(0.5)) this.answer(end, message);
        else this.later.push(() => this.answer(end, message));
      }
      if (this.chance(0.02)) this.sleep(end);
      if (this.troubled()) this.breakDown(end);
    };
    if (this.chance(0.1)) this.proxy.network.route = this.weather();
  }

  private answer(end: FarEnd, message: Message): void {
    const tag = tagOf(message);
    if (this.troubled()) {
      this.breakDown(end);
      return;
    }
    const isHead = message.start.startsWith("HEAD");
    const body = fill(tag, this.below(this.nature.largest));
    const closes = this.chance(0.1);
    const head = `HTTP/1.1 200 OK\r\nx-tag: ${tag}\r\n${closes ? "connection: close\r\n" : ""}`;
    const interim = this.chance(0.05) ? "HTTP/1.1 103 Early Hints\r\n\r\n" : "";
    const untilClose = closes && this.chance(0.5);
    const text = isHead
      ? `${head}content-length: 7\r\n\r\n`
      : untilClose
        ? `${head}\r\n${body}`
        : head + this.framed(body);
    this.tell(end, interim + text, closes);
  }

  private tell(end: FarEnd, text: string, thenEnd: boolean): void {
    const length = this.chance(0.7) ? text.length : this.below(text.length + 1);
    end.send(text.slice(0, length));
    if (length < text.length) this.speaking.add(end);
    else this.speaking.delete(end);
    if (length < text.length) {
      if (this.troubled()) this.breakDown(end);
      else this.later.push(() => this.tell(end, text.slice(length), thenEnd));
    } else if (thenEnd) {
      end.end();
    }
  }

  private breakDown(end: FarEnd): void {
    const how = this.below(4);
    if (how === 0) end.reset();
    else if (how === 1) end.end();
    else if (how === 2 && !this.speaking.has(end)) end.send("nonsense\r\n\r\n");
    // Else nothing ever comes.
  }

  private serveHttp2(end: Http2UpstreamEnd): void {
    this.http2Upstreams.serve(end);
    if (this.chance(0.1)) this.proxy.network.route = this.weather();
  }

  private weather(): (address: { readonly kind: string }) => "through" | "refuse" | "blackhole" | "unreachable" {
    const { trouble } = this.nature;
    return (address) => {
      const isUpstream = address instanceof IpAddress && PORTS.includes(address.port);
      return isUpstream && this.chance(trouble) ? this.pick(["refuse", "blackhole", "unreachable"]) : "through";
    };
  }

  // --- judgement -------------------------------------------------------------------------------------------------------

  /** Answers that are not what their request has a right to. */
  private misdelivered(): string[] {
    const wrong: string[] = [];
    for (const [index, { end, requests, fault }] of this.clients.entries()) {
      const say = (what: string) =>
        wrong.push(`client ${index} (${fault || "no fault"}, ${requests.map((r) => r.tag).join(" ")}): ${what}`);
      if (end.reader.broken !== "") say(end.reader.broken);
      const answers = end.messages.filter(({ status }) => status >= 200);
      let isLast = false;
      for (const [i, answer] of answers.entries()) {
        const request = requests[i];
        if (isLast) say("an answer after the last one");
        isLast = !answer.isComplete || field(answer, "connection") === "close";
        if (request === undefined) {
          if (fault !== "nonsense" || answer.status !== 400) say(`an answer ${answer.status} to nothing`);
        } else if (answer.status === 200) {
          const tag = field(answer, "x-tag");
          const body = answer.body.toString("latin1");
          if (tag !== request.tag) say(`answer ${i} is that of ${tag}`);
          else if (!fill(tag, Number.POSITIVE_INFINITY, body.length).startsWith(body)) say(`wrong bytes for ${tag}`);
          if (!answer.isComplete && this.nature.trouble === 0) say(`half an answer to ${tag}`);
        } else if (!STATUSES.has(answer.status)) {
          if (fault === "" || answer.status !== 400) say(`a status ${answer.status}`);
        } else if (this.nature.trouble === 0 && !this.nature.tightLimits && !this.nature.reloads) {
          say(`a status ${answer.status} without any trouble: ${answer.body.toString()}`);
        }
      }
      const unanswered = requests.slice(answers.length).filter(({ isSent }) => isSent);
      if (fault === "" && !isLast && unanswered.length > 0 && !this.nature.reloads)
        say(`no answer to ${unanswered.map(({ tag }) => tag)}, closed by ${end.closedBy?.kind}`);
    }
    return wrong;
  }

  /** Requests that did not arrive as they were sent, or more often than they may be tried. */
  private mixedUp(): string[] {
    const wrong: string[] = [];
    const seen = new Map<string, number>();
    const triesMax = this.nature.retries ? 1 + RETRIES.retry_policy.num_retries : 1;
    wrong.push(...this.http2Upstreams.mixedUp((tag) => this.requests.get(tag), triesMax));
    for (const end of this.upstreamEnds) {
      if (end.reader.broken !== "") wrong.push(`an upstream heard ${end.reader.broken}`);
      for (const message of end.messages) {
        const tag = tagOf(message);
        const request = this.requests.get(tag);
        const body = message.body.toString("latin1");
        if (request === undefined) wrong.push(`an upstream heard of ${tag}`);
        else if (message.isComplete ? body !== request.body : !request.body.startsWith(body))
          wrong.push(`the body of ${tag} is wrong: ${body.length} bytes of ${request.body.length}`);
        else if (!message.start.startsWith(request.method)) wrong.push(`${tag} has become ${message.start}`);
        seen.set(tag, (seen.get(tag) ?? 0) + 1);
        if ((seen.get(tag) as number) > triesMax) wrong.push(`${tag} was sent too often`);
      }
    }
    return wrong;
  }

  // --- chance ----------------------------------------------------------------------------------------------------------

  /** Fields that frame a body, the empty line, and the body. */
  private framed(body: string): string {
    if (this.chance(0.5)) return `content-length: ${body.length}\r\n\r\n${body}`;
    let text = "transfer-encoding: chunked\r\n\r\n";
    for (let at = 0; at < body.length; ) {
      const piece = body.slice(at, at + 1 + this.below(this.nature.largest));
      at += piece.length;
      text += `${piece.length.toString(16)}\r\n${piece}\r\n`;
    }
    return `${text}0\r\n${this.chance(0.2) ? "x-sum: 1\r\n" : ""}\r\n`;
  }

  private troubled(): boolean {
    return this.nature.trouble > 0 && this.chance(this.nature.trouble);
  }

  private chance(of: number): boolean {
    return this.random() < of;
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  private pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)] as T;
  }
}

function tagOf(message: Message): string {
  return message.start.split(" ")[1]?.slice(1) ?? "";
}

/** `length` bytes made of a tag; with `atLeast` so many as that need. */
function fill(tag: string, length: number, atLeast = 0): string {
  const wanted = Number.isFinite(length) ? length : atLeast;
  const unit = `${tag}.`;
  return unit.repeat(Math.ceil(wanted / unit.length) + 1).slice(0, wanted);
}
