/** How lines are told apart: by colour and by dashes, so that neither is needed alone. */

export interface Line {
  /** Name of the variable with the colour. */
  colour: string;
  dash: number[];
  width: number;
  opacity: number;
}

const colours = [
  "--port-images",
  "--port-trained",
  "--port-untrained",
  "--port-scores",
  "--port-transformation",
  "--port-any",
];
const dashes = [[], [9, 4], [2, 3], [9, 3, 2, 3], [5, 3], [14, 4]];

/** Line of a run's figure. A lone run's figures differ in colour and dashes; those of several runs
 * share the run's, and the training's are thinner and paler. */
export function lineOf(run: number, quiet: boolean, alone: boolean, shade = 0): Line {
  const kind = alone ? (quiet ? 2 : shade === 0 ? 0 : shade + 2) : run;
  return {
    colour: colours[kind % colours.length] ?? "--text",
    dash: alone && quiet ? [4, 3] : (dashes[(alone ? shade : run) % dashes.length] ?? []),
    width: quiet ? 1.5 : 2.25,
    opacity: quiet && !alone ? 0.55 : 1,
  };
}
