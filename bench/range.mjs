/** `count` whole numbers from `first`. */
export function range(first, count) {
  return Array.from({ length: count }, (_, i) => first + i);
}
