// As much of a browser's document as the admin page touches: elements that remember what was put into them.

export class TinyNode {
  readonly name: string;
  readonly attributes: Record<string, string> = {};
  children: TinyNode[] = [];
  className = "";
  private own = "";

  constructor(name: string, own = "") {
    this.name = name;
    this.own = own;
  }

  setAttribute(key: string, value: string): void {
    this.attributes[key] = value;
  }

  append(...children: TinyNode[]): void {
    this.children.push(...children);
  }

  replaceChildren(...children: TinyNode[]): void {
    this.children = children;
  }

  get textContent(): string {
    return this.own + this.children.map((child) => child.textContent).join("|");
  }

  set textContent(text: string) {
    this.own = text;
    this.children = [];
  }
}

export class TinyDocument {
  private readonly byId = new Map<string, TinyNode>();

  getElementById(id: string): TinyNode {
    const node = this.byId.get(id) ?? new TinyNode(id);
    this.byId.set(id, node);
    return node;
  }

  createElement(name: string): TinyNode {
    return new TinyNode(name);
  }

  createElementNS(_space: string, name: string): TinyNode {
    return new TinyNode(name);
  }

  createTextNode(text: string): TinyNode {
    return new TinyNode("#text", text);
  }
}
