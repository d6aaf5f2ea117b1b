// A histogram of one thread: log-linear bins with two significant digits, as libcircllhist cuts them, so that quantiles,
// sums and bucket counts are the ones that Envoy would print for the same samples.
//
//   slot 0           zero (and what is below it: durations and sizes are never negative)
//   slot 1 + 90e+m   values v with 1 + m/10 <= v / 10^e < 1 + (m+1)/10,  e = 0 .. 11,  m = 0 .. 89
//
//   slot 1081        number of samples: tells a reader whether there is anything new
//
// Each slot is an f64 count, written only by the thread that owns the stripe; a reader adds the stripes.

/** Powers of ten that are told apart; samples of 10^12 and more count in the last bin. */
export const HISTOGRAM_DECADES: u32 = 12;
/** Bins in a decade: leading digits 10 to 99. */
export const HISTOGRAM_DECADE_BINS: u32 = 90;
/** Bins in use. */
export const HISTOGRAM_BINS: u32 = 1 + HISTOGRAM_DECADES * HISTOGRAM_DECADE_BINS;
/** Slot of the number of samples. */
export const HISTOGRAM_COUNT: u32 = HISTOGRAM_BINS;
/** Slots of 8 bytes that a histogram takes: its bins and their number, rounded up to whole cache lines. */
export const HISTOGRAM_SLOTS: u32 = 1088;

/** The bin of a sample. Samples are whole numbers (milliseconds, bytes, counts); below 1 counts as zero. */
export function histogramBin(sample: f64): u32 {
  if (!(sample >= 1)) return 0;
  let scaled = sample;
  let decade: u32 = 0;
  let unit: f64 = 1;
  while (scaled >= 10) {
    if (++decade == HISTOGRAM_DECADES) return HISTOGRAM_BINS - 1;
    unit *= 10;
    scaled = sample / unit;
  }
  // sample * 10 and the unit are exact below 10^15, and a quotient of exact numbers that is whole comes out whole: the lower
  // edge of a bin falls into that bin.
  const leading = <u32>((sample * 10) / unit);
  return 1 + decade * HISTOGRAM_DECADE_BINS + (leading - 10);
}

/** Counts one sample in the histogram at an address of this thread's stripe. */
export function record(histogram: u32, sample: f64): void {
  const slot = histogram + (histogramBin(sample) << 3);
  store<f64>(slot, load<f64>(slot) + 1);
  store<f64>(histogram, load<f64>(histogram, HISTOGRAM_COUNT * 8) + 1, HISTOGRAM_COUNT * 8);
}
