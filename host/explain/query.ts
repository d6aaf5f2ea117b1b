/** What `explain` can be asked, and what it answers. Both travel between threads. */

export type ExplainQuery =
  /** A request that is over and still in the ring. */
  | { readonly kind: "id"; readonly requestId: string }
  /** One that is not sent. */
  | {
      readonly kind: "imagined";
      /** Empty: the first listener with an HTTP connection manager. */
      readonly listener: string;
      readonly method: string;
      readonly authority: string;
      readonly path: string;
      readonly headers: readonly (readonly [name: string, value: string])[];
    };

/** For programs as JSON, for humans as sentences. */
export interface Explanation {
  readonly facts: object;
  readonly sentences: readonly string[];
}
