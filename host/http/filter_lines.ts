/** The two ways through a stream's filters: what `FilterRun` calls at each position, and what stands at the end. */

import type { HeaderMap } from "../wasm/header_view.ts";
import { CONTINUE, type FilterStatus, type HttpFilter } from "./filter.ts";
import type { FilterLine } from "./filter_run.ts";
import type { HttpStream } from "./stream.ts";

/** Down the chain; the terminal filter is the end. */
export class RequestLine implements FilterLine {
  private readonly stream: HttpStream;

  constructor(stream: HttpStream) {
    this.stream = stream;
  }

  get count(): number {
    return this.stream.filterCount - 1;
  }

  get isOver(): boolean {
    return this.stream.isOver;
  }

  headers(position: number, endStream: boolean): FilterStatus {
    const { stream } = this;
    return (
      (stream.filters[position] as HttpFilter).onRequestHeaders?.(stream, stream.requestHeaders, endStream) ?? CONTINUE
    );
  }

  data(position: number, address: number, length: number, endStream: boolean): FilterStatus {
    const { stream } = this;
    return (stream.filters[position] as HttpFilter).onRequestData?.(stream, address, length, endStream) ?? CONTINUE;
  }

  trailers(position: number): FilterStatus {
    const { stream } = this;
    return (stream.filters[position] as HttpFilter).onRequestTrailers?.(stream, stream.requestTrailers) ?? CONTINUE;
  }

  seesTrailers(position: number): boolean {
    return this.stream.filters[position]?.onRequestTrailers !== undefined;
  }

  endHeaders(endStream: boolean): void {
    this.headers(this.count, endStream);
  }

  endData(address: number, length: number, endStream: boolean): void {
    this.data(this.count, address, length, endStream);
  }

  endTrailers(): void {
    this.trailers(this.count);
  }

  newTrailers(): HeaderMap | null {
    const { requestTrailers } = this.stream;
    return requestTrailers.create() ? requestTrailers : null;
  }

  dropTrailers(): void {
    this.stream.requestTrailers.release();
  }

  pauseSource(): void {
    this.stream.flow.pauseRequest();
  }

  resumeSource(): void {
    this.stream.flow.resumeRequest();
  }

  onTooLarge(): void {
    this.stream.manager.stats.rqTooLarge.inc();
    this.stream.sendLocalReply(413, "Payload Too Large", "request_payload_too_large", 0);
  }

  lend(bytes: Uint8Array): number {
    return this.stream.lend(bytes);
  }

  memory(): Uint8Array {
    return this.stream.worker.core.bytes;
  }
}

/** Up the chain, the terminal filter left out; the codec is the end. */
export class ResponseLine implements FilterLine {
  private readonly stream: HttpStream;

  constructor(stream: HttpStream) {
    this.stream = stream;
  }

  get count(): number {
    return Math.max(this.stream.filterCount - 1, 0);
  }

  get isOver(): boolean {
    return this.stream.isOver;
  }

  private at(position: number): HttpFilter {
    return this.stream.filters[this.stream.filterCount - 2 - position] as HttpFilter;
  }

  headers(position: number, endStream: boolean): FilterStatus {
    const { stream } = this;
    return this.at(position).onResponseHeaders?.(stream, stream.responseHead, endStream) ?? CONTINUE;
  }

  data(position: number, address: number, length: number, endStream: boolean): FilterStatus {
    return this.at(position).onResponseData?.(this.stream, address, length, endStream) ?? CONTINUE;
  }

  trailers(position: number): FilterStatus {
    const { stream } = this;
    return this.at(position).onResponseTrailers?.(stream, stream.responseTail) ?? CONTINUE;
  }

  seesTrailers(position: number): boolean {
    return this.at(position).onResponseTrailers !== undefined;
  }

  endHeaders(endStream: boolean): void {
    this.stream.encodeHeaders(endStream);
  }

  endData(address: number, length: number, endStream: boolean): void {
    this.stream.encodeData(address, length, endStream);
  }

  endTrailers(): void {
    this.stream.encodeTrailers();
  }

  newTrailers(): HeaderMap | null {
    const { responseTail } = this.stream;
    return responseTail.create() ? responseTail : null;
  }

  dropTrailers(): void {
    this.stream.responseTail.release();
  }

  pauseSource(): void {
    this.stream.flow.pauseResponse();
  }

  resumeSource(): void {
    this.stream.flow.resumeResponse();
  }

  onTooLarge(): void {
    this.stream.sendLocalReply(500, "Internal Server Error", "response_payload_too_large", 0);
  }

  lend(bytes: Uint8Array): number {
    return this.stream.lend(bytes);
  }

  memory(): Uint8Array {
    return this.stream.worker.core.bytes;
  }
}
