/** What a filter leaves with a stream for others to read (Envoy: StreamInfo::FilterState): access logs, `%FILTER_STATE(key)%`. */

export interface FilterState {
  /** `PLAIN`. */
  readonly text: string;
  /** `TYPED`: a message as protobuf prints it in JSON. */
  readonly message: object;
}
