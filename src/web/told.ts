/** A type of ours as JSON has it: what never ends comes as a word. */
export type Told<T> = T extends number
  ? number | 'never'
  : T extends readonly (infer Item)[]
    ? readonly Told<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Told<T[Key]> }
      : T;
