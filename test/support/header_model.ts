// What a header map is, as plainly as it can be said: a list of pairs. The model that blocks in core memory are compared with.

export class HeaderModel {
  readonly fields: [name: string, value: string][] = [];

  get(name: string): string | undefined {
    const values = this.getAll(name);
    return values.length === 0 ? undefined : values.join(",");
  }

  getAll(name: string): string[] {
    return this.fields.filter(([other]) => other === name).map(([, value]) => value);
  }

  add(name: string, value: string): void {
    this.fields.push([name, value]);
  }

  set(name: string, value: string): void {
    const first = this.fields.findIndex(([other]) => other === name);
    if (first < 0) {
      this.add(name, value);
      return;
    }
    (this.fields[first] as [string, string])[1] = value;
    this.keep(([other], i) => other !== name || i === first);
  }

  remove(name: string): number {
    return this.keep(([other]) => other !== name);
  }

  /** Pseudo fields stay: they are no headers that a prefix could mean. */
  removePrefix(prefix: string): number {
    return this.keep(([other]) => other.startsWith(":") || !other.startsWith(prefix));
  }

  private keep(keeps: (field: [string, string], i: number) => boolean): number {
    const kept = this.fields.filter(keeps);
    const removed = this.fields.length - kept.length;
    this.fields.splice(0, this.fields.length, ...kept);
    return removed;
  }
}
