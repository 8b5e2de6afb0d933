/** How one option is described; the TypeScript types, the command line, configs and help all follow from it. */
export type OptionSpec = {
  /** One line of help, lower case, no full stop. */
  readonly help: string;
  readonly group: string;
  /** Older or other spellings (snake_case) that take the same values. */
  readonly aliases?: readonly string[];
  /** Other options that mean a value of this one: `no_cuda: true` is `device: "cpu"`. */
  readonly switches?: Readonly<Record<string, Switch>>;
  /** What help shows as the default where there is no fixed one. */
  readonly shownDefault?: string;
  /** What to say to a value that users bring along and that is none here. */
  readonly remedies?: Readonly<Record<string, string>>;
} & (
  | {
      readonly type: "string";
      readonly default?: string;
      readonly placeholder: string;
      /**
       * `file`: relative to the config it stands in. `source`: the same if such a folder exists. `resume`: the same
       * for whatever is not the word `auto`.
       */
      readonly path?: "file" | "source" | "resume";
      /** true and false are values too. */
      readonly orBool?: boolean;
      readonly pattern?: RegExp;
      /** In words, what `pattern` asks for. */
      readonly expects?: string;
    }
  | ({ readonly type: "int"; readonly default?: number } & NumberRange)
  | ({ readonly type: "float"; readonly default?: number } & NumberRange)
  | { readonly type: "bool"; readonly default?: boolean }
  | { readonly type: "enum"; readonly choices: readonly string[]; readonly default?: string }
  | {
      readonly type: "object";
      readonly default?: Readonly<Record<string, unknown>>;
      readonly placeholder: string;
    }
  | ListSpec
);

/** What each value of another spelling means, by its text (`true`, `random`). */
export type Switch = Readonly<Record<string, string | boolean>>;

/** A list of any names, or, with `choices`, of these alone; a word of `words`, alone, stands for a whole list. */
type ListSpec = { readonly type: "list"; readonly default?: readonly string[] } & (
  | { readonly placeholder: string }
  | { readonly choices: readonly string[]; readonly words: Readonly<Record<string, readonly string[]>> }
);

/** The numbers an option allows; `above` and `below` are excluded themselves. */
export interface NumberRange {
  readonly min?: number;
  readonly above?: number;
  readonly max?: number;
  readonly below?: number;
  /** Allowed although it lies outside the range, e.g. -1 for "off". */
  readonly orElse?: number;
  /** From here on only whole numbers; below, a share. */
  readonly wholeFrom?: number;
}

export type OptionTable = Readonly<Record<string, OptionSpec>>;

export type CamelCase<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : S;

type Value<S> = S extends { type: "enum"; choices: readonly (infer C)[] }
  ? C
  : S extends { type: "string"; orBool: true }
    ? string | boolean
    : S extends { type: "string" }
      ? string
      : S extends { type: "int" | "float" }
        ? number
        : S extends { type: "bool" }
          ? boolean
          : S extends { type: "object" }
            ? Readonly<Record<string, unknown>>
            : S extends { type: "list"; choices: readonly (infer C)[] }
              ? readonly C[]
              : S extends { type: "list" }
                ? readonly string[]
                : never;

/** What a caller may write for a value: a word or a single name for a list, too. */
type Input<S> = S extends { type: "list"; choices: readonly (infer C)[]; words: infer W }
  ? C | (keyof W & string) | readonly (C | (keyof W & string))[]
  : Value<S>;

type AliasesOf<S> = S extends { aliases: readonly (infer A extends string)[] } ? A : never;
type SwitchesOf<S> = S extends { switches: infer W } ? keyof W & string : never;
type SwitchInput<S> = S extends { switches: Readonly<Record<string, infer V>> }
  ? "true" extends keyof V
    ? boolean
    : keyof V & string
  : never;

/** Every option of a table under its camelCase name; those without a default may be undefined. */
export type Values<T extends OptionTable> = {
  readonly [K in keyof T & string as CamelCase<K>]: T[K] extends { default: unknown }
    ? Value<T[K]>
    : Value<T[K]> | undefined;
};

/** What a caller may write for a table: any part of it, older spellings included. */
export type Given<T extends OptionTable> = {
  readonly [K in keyof T & string as CamelCase<K | AliasesOf<T[K]>>]?: Input<T[K]> | null;
} & { readonly [K in keyof T & string as CamelCase<SwitchesOf<T[K]>>]?: SwitchInput<T[K]> | null };

/** `learning_rate` -> `learningRate`. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** `learningRate`, `learning-rate` and `learning_rate` -> `learning_rate`. */
export function snakeCase(name: string): string {
  return name.replaceAll("-", "_").replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** `learning_rate` -> `learning-rate`. */
export function kebabCase(name: string): string {
  return name.replaceAll("_", "-");
}
