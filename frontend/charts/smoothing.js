// Smoothing: an exponential moving average that is right from its first value on; a gap stays one.
export function smoothed(values, weight) {
  let [average, seen] = [0, 0];
  return values.map((value) => {
    if (value === null) return null;
    average = average * weight + (1 - weight) * value;
    seen += 1;
    return average / (1 - weight ** seen);
  });
}
