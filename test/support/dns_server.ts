/**
 * A name server for tests (RFC 1035): answers A and AAAA questions over UDP from a table, on a port of the system's
 * choice, and keeps the questions.
 */

import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import ipaddr from "ipaddr.js";

export interface DnsRecord {
  readonly ip: string;
  readonly ttlSeconds: number;
}

/** What a name gets: its records (none: NODATA), a response code, or silence. */
export type DnsBehaviour = readonly DnsRecord[] | "NXDOMAIN" | "SERVFAIL" | "REFUSED" | "silence";

const RCODES = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const;
const TYPE_A = 1;
const TYPE_AAAA = 28;

export class DnsServer {
  /** Changed at will; a name that is not there is NXDOMAIN. */
  readonly names = new Map<string, DnsBehaviour>();
  /** "A name" or "AAAA name", in the order asked. */
  readonly questions: string[] = [];
  private readonly socket: Socket;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("message", (query, from) => {
      const answer = this.answer(query);
      if (answer !== null) socket.send(answer, from.port, from.address);
    });
  }

  static async start(): Promise<DnsServer> {
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    return new DnsServer(socket);
  }

  /** "127.0.0.1:PORT" */
  get address(): string {
    return `127.0.0.1:${this.socket.address().port}`;
  }

  async stop(): Promise<void> {
    const closed = once(this.socket, "close");
    this.socket.close();
    await closed;
  }

  private answer(query: Buffer): Buffer | null {
    const { name, type, end } = readQuestion(query);
    this.questions.push(`${type === TYPE_A ? "A" : type === TYPE_AAAA ? "AAAA" : type} ${name}`);
    const behaviour = this.names.get(name) ?? "NXDOMAIN";
    if (behaviour === "silence") return null;
    const records = typeof behaviour === "string" ? [] : behaviour.filter(({ ip }) => typeOf(ip) === type);
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    // Response, recursion desired and available, and the code.
    header.writeUInt16BE(0x8180 | (typeof behaviour === "string" ? RCODES[behaviour] : 0), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    return Buffer.concat([header, query.subarray(12, end), ...records.map(encodeRecord)]);
  }
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let offset = 12;
  for (let length = query[offset] ?? 0; length !== 0; length = query[offset] ?? 0) {
    labels.push(query.toString("latin1", offset + 1, offset + 1 + length));
    offset += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), type: query.readUInt16BE(offset + 1), end: offset + 5 };
}

function typeOf(ip: string): number {
  return ip.includes(":") ? TYPE_AAAA : TYPE_A;
}

function encodeRecord({ ip, ttlSeconds }: DnsRecord): Buffer {
  const data = Buffer.from(ipaddr.parse(ip).toByteArray());
  const record = Buffer.alloc(12);
  record.writeUInt16BE(0xc00c, 0); // The name of the question.
  record.writeUInt16BE(typeOf(ip), 2);
  record.writeUInt16BE(1, 4);
  record.writeUInt32BE(ttlSeconds, 6);
  record.writeUInt16BE(data.length, 10);
  return Buffer.concat([record, data]);
}
