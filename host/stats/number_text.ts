/** Numbers as C prints them with `%g`: what Envoy's stats pages show where JavaScript would choose another form. */

/** `digits` significant digits without trailing zeros; an exponent below -4 or from `digits` up (`1.8e+06`). Exact up to 100 digits. */
export function formatG(value: number, digits: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  if (value === 0) return "0";
  const [mantissa, power] = value.toExponential(digits - 1).split("e") as [string, string];
  const exponent = Number(power);
  if (exponent < -4 || exponent >= digits) {
    const sign = exponent < 0 ? "-" : "+";
    return `${trimZeros(mantissa)}e${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  return trimZeros(value.toFixed(digits - 1 - exponent));
}

function trimZeros(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}

/** The shortest text that reads back as the same number; `nan` in C's spelling. */
export function formatShortest(value: number): string {
  return Number.isNaN(value) ? "nan" : String(value);
}
