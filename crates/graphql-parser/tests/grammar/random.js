// Random choices that depend only on the seed.

export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
    // Without these rounds, neighbouring seeds would begin with similar numbers.
    for (let round = 0; round < 4; round++) this.#next();
  }

  // mulberry32
  #next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A whole number from 0 to `bound - 1`. */
  below(bound) {
    return Math.floor((this.#next() / 0x1_0000_0000) * bound);
  }

  /** A whole number from `min` to `max`. */
  between(min, max) {
    return min + this.below(max - min + 1);
  }

  /** True in `percent` of all cases. */
  chance(percent) {
    return this.#next() / 0x1_0000_0000 < percent / 100;
  }

  pick(items) {
    return items[this.below(items.length)];
  }

  /** A list of `min` to `max` results of `make`. */
  list(min, max, make) {
    return Array.from({ length: this.between(min, max) }, make);
  }
}
