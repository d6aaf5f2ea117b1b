/** Freezes a tree of plain objects and lists, all the way down. Shared parts are visited once. */
export function freezeTree<T extends object>(root: T): T {
  const queue: object[] = [root];
  for (let object = queue.pop(); object !== undefined; object = queue.pop()) {
    if (Object.isFrozen(object)) continue;
    Object.freeze(object);
    for (const value of Object.values(object) as unknown[]) {
      if (typeof value === "object" && value !== null) queue.push(value);
    }
  }
  return root;
}
