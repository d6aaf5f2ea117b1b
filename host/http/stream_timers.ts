/**
 * The timers of one stream, and what it is answered when one fires.
 *
 *   idle       stream_idle_timeout       from the head on, pushed on by everything that moves; a route may have its own
 *   request    request_timeout           from the head to the last byte of the request
 *   duration   max_stream_duration       from the head to the end; a route may have its own
 */

import type { Timer, TimerOwner } from "../net/clock.ts";
import type { ForwardAction, GrpcTimeoutRule } from "../route/route_entry.ts";
import { GRPC_DEADLINE_EXCEEDED } from "../stream_info/grpc_status.ts";
import { STREAM_IDLE_TIMEOUT } from "../stream_info/response_flags.ts";
import { HEADER_GRPC_TIMEOUT } from "../wasm/layout.gen.ts";
import { formatGrpcTimeout, readGrpcTimeout } from "./grpc_timeout.ts";
import type { HttpStream } from "./stream.ts";

export class StreamTimers implements TimerOwner {
  private readonly stream: HttpStream;
  private readonly idle: Timer;
  private readonly request: Timer;
  private readonly duration: Timer;

  constructor(stream: HttpStream) {
    const { timers } = stream.worker;
    this.stream = stream;
    this.idle = timers.timer(this);
    this.request = timers.timer(this);
    this.duration = timers.timer(this);
  }

  /** A head has arrived. @param endStream it is the whole request */
  begin(endStream: boolean): void {
    const { timeouts } = this.stream.manager;
    if (timeouts.streamIdleMs > 0) this.idle.start(timeouts.streamIdleMs);
    if (timeouts.maxStreamDurationMs > 0) this.duration.start(timeouts.maxStreamDurationMs);
    if (!endStream && timeouts.requestMs > 0) this.request.start(timeouts.requestMs);
  }

  /** What the route says goes before what the connection manager says; below zero it says nothing, 0 is no limit. */
  onRoute({ idleTimeoutMs, maxStreamDurationMs, grpcTimeout }: ForwardAction): void {
    if (idleTimeoutMs >= 0) {
      if (idleTimeoutMs > 0) this.idle.start(idleTimeoutMs);
      else this.idle.stop();
    }
    if (grpcTimeout?.limitsStream) this.limitDuration(maxStreamDurationMs, grpcTimeout);
  }

  /** A route with `max_stream_duration`: what it says, or what the call says within what the route allows. The upstream is told. */
  private limitDuration(ofRouteMs: number, { maxMs, offsetMs }: GrpcTimeoutRule): void {
    const { stream } = this;
    const { requestHeaders: headers } = stream;
    const asked = headers.hasId(HEADER_GRPC_TIMEOUT) ? readGrpcTimeout(headers.getId(HEADER_GRPC_TIMEOUT)) : -1;
    let limit: number;
    if (asked >= 0 && maxMs >= 0) {
      limit = maxMs > 0 ? Math.min(asked, maxMs) : asked;
      if (limit > 0) limit = Math.max(limit - offsetMs, 0);
    } else {
      limit = ofRouteMs >= 0 ? ofRouteMs : stream.manager.timeouts.maxStreamDurationMs;
      if (limit === 0) {
        if (this.duration.isArmed && stream.isGrpc) headers.removeId(HEADER_GRPC_TIMEOUT);
        this.duration.stop();
        return;
      }
    }
    if (stream.isGrpc) headers.setId(HEADER_GRPC_TIMEOUT, formatGrpcTimeout(limit));
    this.duration.start(Math.max(limit - (stream.worker.clock.now() - stream.startMs), 0));
  }

  onRequestEnd(): void {
    this.request.stop();
  }

  /** Something moved: the stream is not idle. */
  touch(): void {
    if (this.idle.isArmed) {
      const { manager, route } = this.stream;
      const ofRoute = route?.forward?.idleTimeoutMs ?? -1;
      this.idle.start(ofRoute >= 0 ? ofRoute : manager.timeouts.streamIdleMs);
    }
  }

  end(): void {
    this.idle.stop();
    this.request.stop();
    this.duration.stop();
  }

  onTimer(timer: Timer): void {
    const { stream } = this;
    const { stats } = stream.manager;
    if (timer === this.idle) {
      stats.rqIdleTimeout.inc();
      this.timedOut(stream.requestEnded ? 504 : 408, "stream timeout", "stream_idle_timeout", STREAM_IDLE_TIMEOUT);
    } else if (timer === this.request) {
      stats.rqTimeout.inc();
      this.timedOut(408, "request timeout", "request_overall_timeout", 0);
    } else {
      stats.rqMaxDurationReached.inc();
      const status = stream.requestEnded ? 504 : 408;
      this.timedOut(status, "downstream duration timeout", "max_duration_timeout", 0, GRPC_DEADLINE_EXCEEDED);
    }
    stream.worker.turn.end();
  }

  private timedOut(status: number, body: string, details: string, flags: number, grpcStatus?: number): void {
    const { stream } = this;
    stream.setFlag(flags);
    if (stream.responseStarted) stream.abort(details);
    else stream.sendLocalReply(status, body, details, flags, undefined, grpcStatus);
  }
}
