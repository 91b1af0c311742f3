/** Edges of a graph by node and character: a hash table in flat arrays, as a graph has many nodes with one edge. Node 0 is no target. */
export class EdgeTable {
  #nodes = new Int32Array(16).fill(-1);
  #codes = new Uint16Array(16);
  #targets = new Int32Array(16);
  #count = 0;

  /** The target, 0 where there is none. */
  get(node: number, code: number): number {
    const last = this.#nodes.length - 1;
    for (let at = place(node, code) & last; ; at = (at + 1) & last) {
      const found = this.#nodes[at];
      if (found === node && this.#codes[at] === code) return this.#targets[at] ?? 0;
      if (found === -1) return 0;
    }
  }

  set(node: number, code: number, target: number): void {
    if (2 * ++this.#count > this.#nodes.length) this.#grow();
    this.#insert(node, code, target);
  }

  #insert(node: number, code: number, target: number): void {
    const last = this.#nodes.length - 1;
    let at = place(node, code) & last;
    while (this.#nodes[at] !== -1) at = (at + 1) & last;
    this.#nodes[at] = node;
    this.#codes[at] = code;
    this.#targets[at] = target;
  }

  #grow(): void {
    const [nodes, codes, targets] = [this.#nodes, this.#codes, this.#targets];
    this.#nodes = new Int32Array(2 * nodes.length).fill(-1);
    this.#codes = new Uint16Array(2 * nodes.length);
    this.#targets = new Int32Array(2 * nodes.length);
    for (let at = 0; at < nodes.length; at++) {
      const node = nodes[at] ?? -1;
      if (node !== -1) this.#insert(node, codes[at] ?? 0, targets[at] ?? 0);
    }
  }
}

function place(node: number, code: number): number {
  const mixed = Math.imul(node, 0x9e3779b1) ^ Math.imul(code, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
