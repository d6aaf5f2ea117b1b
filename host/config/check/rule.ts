/** What a rule is, and where it stands while it looks. */
import type { Message } from "../decode/decode.ts";
import { fieldPath, type Issues, itemPath, type Key } from "../decode/places.ts";
import type { Bootstrap } from "../types/bootstrap.ts";

/** One rule: `check` is called with every message of the type. */
export interface Rule {
  readonly type: string;
  check(message: Message, at: At, context: Context): void;
}

/** A rule over messages of a type, with the fields that its reading needs. */
export function rule<T extends object>(type: string, check: (message: T, at: At, context: Context) => void): Rule {
  return { type, check: check as unknown as Rule["check"] };
}

/** What the door is told from outside, because others know it better. */
export interface Knowledge {
  /** What is wrong with a format string of an access log or a header value; undefined when it compiles. */
  formatReason(format: string): string | undefined;
}

/** What a rule may know beyond its message. */
export interface Context extends Knowledge {
  readonly bootstrap: Bootstrap;
  readonly clusterNames: ReadonlySet<string>;
}

/** Where a rule stands, and how it complains. */
export class At {
  readonly #object: object;
  readonly #path: string;
  readonly #issues: Issues;

  constructor(object: object, path: string, issues: Issues) {
    this.#object = object;
    this.#path = path;
    this.#issues = issues;
  }

  /** Complains about the message itself. */
  fail(reason: string): void {
    this.#issues.add(this.#object, undefined, this.#path, reason);
  }

  /** Complains about one of its fields. */
  failField(name: string, reason: string, suggestion?: string): void {
    this.#issues.add(this.#object, name, fieldPath(this.#path, name), reason, suggestion);
  }

  /** The place of a message field that is set. */
  inside(name: string): At {
    return new At((this.#object as Record<string, object>)[name] as object, fieldPath(this.#path, name), this.#issues);
  }

  /** The place of an element of a list or map field. */
  element(name: string, holder: object, key: Key): At {
    const inner = (holder as Record<Key, unknown>)[key];
    const path = itemPath(fieldPath(this.#path, name), key);
    return typeof inner === "object" && inner !== null
      ? new At(inner, path, this.#issues)
      : new ScalarAt(holder, key, path, this.#issues);
  }
}

/** An element that is no object has no place of its own; its list knows where it is. */
class ScalarAt extends At {
  readonly #report: (reason: string) => void;

  constructor(holder: object, key: Key, path: string, issues: Issues) {
    super(holder, path, issues);
    this.#report = (reason) => issues.add(holder, key, path, reason);
  }

  override fail(reason: string): void {
    this.#report(reason);
  }
}
