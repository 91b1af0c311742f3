/** The labels of one series, by name. */
export type Labels<Label extends string> = Readonly<Record<Label, string>>;

/**
 * The series of one family of metrics, each made when its labels are first seen. Their number is bounded, whatever connects: once there
 * are too many, further labels share one series in which every label is `unknown`, so that totals stay true and memory stays bounded.
 */
export class SeriesMap<Label extends string, Series> {
  readonly #series = new Map<string, Series>();

  constructor(
    private readonly names: readonly Label[],
    private readonly make: (labels: Labels<Label>) => Series,
    private readonly most: number,
  ) {}

  /** The series of these labels; whoever adds to it often may keep it. */
  of(labels: Labels<Label>): Series {
    let key = '';
    for (const name of this.names) key += `${labels[name]}\u0000`;
    return this.#series.get(key) ?? this.#add(key, labels);
  }

  /** Every series so far. */
  all(): Iterable<Series> {
    return this.#series.values();
  }

  #add(key: string, labels: Labels<Label>): Series {
    if (this.#series.size >= this.most) return this.#shared();
    // In the order of the caller: what reads the text of a scrape may count on it.
    const known: readonly string[] = this.names;
    const own = Object.fromEntries(Object.entries(labels).filter(([name]) => known.includes(name))) as Record<Label, string>;
    return this.#put(key, own);
  }

  #shared(): Series {
    const known = this.#series.get('');
    if (known !== undefined) return known;
    return this.#put('', Object.fromEntries(this.names.map((name) => [name, 'unknown'])) as Record<Label, string>);
  }

  #put(key: string, labels: Labels<Label>): Series {
    const series = this.make(labels);
    this.#series.set(key, series);
    return series;
  }
}
