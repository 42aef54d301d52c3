/** The panes themselves, drawn with uPlot; loaded when first needed. */
import { useEffect, useId, useMemo, useRef, useState } from "react";
import uPlot from "uplot";
import { look as lookWords } from "~/messages/look";
import { percent } from "~/messages/numbers";
import styles from "./Curves.module.css";
import { type Chart, forLog, type NamedRows, type Pane, type Series } from "./curveData";
import { lineOf } from "./lines";
import { Sample } from "./Sample";
import { type Colours, useColours } from "./useColours";
import "./uplot.css";

const words = lookWords.curves;
const height = 224;

export default function CurvePanes({
  chart,
  runs,
  log,
}: {
  chart: Chart;
  runs: readonly NamedRows[];
  log: boolean;
}) {
  const sync = useId();
  const frame = useRef<HTMLDivElement>(null);
  const colours = useColours(frame);
  const [at, setAt] = useState<number | null>(null);
  return (
    <div ref={frame} className={styles.panes}>
      {chart.panes.map((pane) => (
        <PaneFigure
          key={pane.key}
          pane={pane}
          chart={chart}
          runs={runs}
          log={log && pane.key === "loss"}
          sync={sync}
          colours={colours}
          at={at}
          onCursor={setAt}
        />
      ))}
    </div>
  );
}

/** Of a lone run's lines of one pane, the number among those of validation. */
function shadeOf(series: readonly Series[], at: number): number {
  return series.slice(0, at).filter((one) => !one.quiet).length;
}

function shown(pane: Pane["key"], value: number | null | undefined): string {
  if (value === null || value === undefined) return "–";
  if (pane === "accuracy") return percent(value);
  return value !== 0 && Math.abs(value) < 0.001
    ? value.toExponential(1)
    : String(Number(value.toPrecision(4)));
}

interface PaneProps {
  pane: Pane;
  chart: Chart;
  runs: readonly NamedRows[];
  log: boolean;
  sync: string;
  colours: Colours;
  at: number | null;
  onCursor: (index: number | null) => void;
}

function PaneFigure({ pane, chart, runs, log, sync, colours, at, onCursor }: PaneProps) {
  const alone = runs.length === 1;
  const last = chart.epochs.length - 1;
  const index = at !== null && at <= last ? at : last;
  return (
    <figure className={styles.pane}>
      <figcaption className={styles.caption}>
        <strong>{words[pane.key]}</strong>
        <span className={styles.at}>
          {at === null ? words.last : words.at(chart.epochs[index] ?? 0)}
        </span>
      </figcaption>
      <ul className={styles.legend}>
        {pane.series.map((one, number) => (
          <li key={`${one.run} ${one.metric}`}>
            <Sample
              run={one.run}
              quiet={one.quiet}
              alone={alone}
              shade={shadeOf(pane.series, number)}
            />
            <span>{nameOf(one, runs)}</span>
            <b>{shown(pane.key, one.values[index] ?? (at === null ? lastKnown(one) : null))}</b>
          </li>
        ))}
      </ul>
      <Plot
        pane={pane}
        chart={chart}
        alone={alone}
        log={log}
        sync={sync}
        colours={colours}
        onCursor={onCursor}
        label={`${words[pane.key]}. ${runs
          .map((run) =>
            words.summary(
              run.name,
              run.rows.length,
              run.best === null ? "" : words.bestIs(run.best),
            ),
          )
          .join("; ")}`}
      />
    </figure>
  );
}

/** What a line is called: its figure where it is alone, else its run and of which pictures. */
function nameOf(series: Series, runs: readonly NamedRows[]): string {
  const run = runs[series.run]?.name ?? "";
  if (runs.length === 1) return words.names[series.metric] ?? series.metric;
  if (series.metric === "learning_rate") return run;
  return `${run} ${series.quiet ? words.training : words.validation}`;
}

function lastKnown(series: Series): number | null {
  return series.values.findLast((value) => value !== null) ?? null;
}

function dataOf(chart: Chart, pane: Pane, log: boolean): uPlot.AlignedData {
  return [chart.epochs, ...pane.series.map((one) => (log ? forLog(one.values) : one.values))];
}

interface PlotProps {
  pane: Pane;
  chart: Chart;
  alone: boolean;
  log: boolean;
  sync: string;
  colours: Colours;
  onCursor: (index: number | null) => void;
  label: string;
}

function Plot({ pane, chart, alone, log, sync, colours, onCursor, label }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const latest = useRef({ chart, colours, onCursor, pane });
  latest.current = { chart, colours, onCursor, pane };
  // the chart is made anew only when its lines are others; new figures are handed to it
  const shape = `${log}|${alone}|${pane.series.map((one) => `${one.run}:${one.metric}`).join()}`;
  const data = useMemo(() => dataOf(chart, pane, log), [chart, pane, log]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `shape` stands for what is drawn
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const made = new uPlot(options(element, latest, { alone, log, sync }), data, element);
    plot.current = made;
    const watch = new ResizeObserver(() => {
      const width = Math.floor(element.clientWidth);
      if (width > 0 && width !== made.width) made.setSize({ width, height });
    });
    watch.observe(element);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [shape, sync]);

  useEffect(() => {
    const made = plot.current;
    if (made && made.data !== data) made.setData(data);
  }, [data]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: drawn again in the theme's colours
  useEffect(() => {
    plot.current?.redraw(false, true);
  }, [colours]);

  return <div ref={place} role="img" aria-label={label} className={styles.plot} />;
}

function options(
  element: HTMLElement,
  latest: { current: Pick<PlotProps, "chart" | "colours" | "onCursor" | "pane"> },
  { alone, log, sync }: Pick<PlotProps, "alone" | "log" | "sync">,
): uPlot.Options {
  const colour = (name: string) => latest.current.colours[name] ?? "gray";
  const { pane } = latest.current;
  const font = "11px system-ui, sans-serif";
  const axis: uPlot.Axis = {
    stroke: () => colour("--text-quiet"),
    grid: { stroke: () => colour("--line"), width: 1 },
    ticks: { show: false },
    font,
  };
  return {
    width: Math.max(120, Math.floor(element.clientWidth)),
    height,
    legend: { show: false },
    padding: [16, 10, 0, 0],
    cursor: {
      sync: { key: sync, setSeries: false },
      y: false,
      drag: { x: false, y: false },
      points: { size: 7 },
    },
    scales: {
      x: { time: false, range: (_, low, high) => [low - 0.25, Math.max(high, low + 1) + 0.25] },
      y: {
        distr: log ? 3 : 1,
        ...(pane.key === "accuracy" ? { range: [0, 1.02] as uPlot.Range.MinMax } : {}),
      },
    },
    axes: [
      { ...axis, size: 26, gap: 4, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] },
      {
        ...axis,
        grid: { ...axis.grid, ...(log && { filter: onlyPowersOfTen }) },
        size: pane.key === "learningRate" ? 54 : 44,
        values: (_, ticks) =>
          ticks.map((tick) =>
            tick === null ? "" : pane.key === "accuracy" ? percent(tick, 0) : shown(pane.key, tick),
          ),
      },
    ],
    series: [
      {},
      ...pane.series.map((one, number): uPlot.Series => {
        const line = lineOf(one.run, one.quiet, alone, shadeOf(pane.series, number));
        return {
          stroke: () => withOpacity(colour(line.colour), line.opacity),
          width: line.width,
          dash: line.dash,
          spanGaps: false,
          points: { show: one.values.filter((value) => value !== null).length < 3, size: 6 },
        };
      }),
    ],
    hooks: {
      setCursor: [(made) => latest.current.onCursor(made.cursor.idx ?? null)],
      draw: [(made) => drawMarks(made, latest.current.chart, alone, colour)],
    },
  };
}

/** On a logarithmic scale lines at 1, 10, 100 are enough. */
function onlyPowersOfTen(_: uPlot, ticks: number[]): (number | null)[] {
  return ticks.map((tick) =>
    Number.isInteger(Math.round(Math.log10(tick) * 1e6) / 1e6) ? tick : null,
  );
}

/** A colour as the browser computed it, paler. */
function withOpacity(colour: string, opacity: number): string {
  if (opacity === 1) return colour;
  return colour.replace(/^rgb\((.+)\)$/, `rgba($1, ${opacity})`);
}

/** Best epochs and early ends as lines from top to bottom, with their words. */
function drawMarks(
  made: uPlot,
  chart: Chart,
  alone: boolean,
  colour: (name: string) => string,
): void {
  const { ctx } = made;
  const ratio = devicePixelRatio;
  const { left, top, width, height: tall } = made.bbox;
  ctx.save();
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.lineWidth = ratio;
  chart.marks.forEach((mark, number) => {
    const x = Math.round(made.valToPos(mark.epoch, "x", true));
    if (x < left || x > left + width) return;
    const best = mark.kind === "best";
    const paint = colour(
      alone ? (best ? "--good" : "--warn") : lineOf(mark.run, false, false).colour,
    );
    ctx.strokeStyle = paint;
    ctx.fillStyle = paint;
    ctx.setLineDash(best ? [] : [4 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + tall);
    ctx.stroke();
    const say = alone ? (best ? words.best : words.stopped) : best ? words.bestOf : words.stoppedOf;
    const text = say(mark.epoch);
    const wide = ctx.measureText(text).width + 6 * ratio;
    // words stand above the chart, those of another line a row below, on the side with room
    const before = x + wide > left + width;
    ctx.textAlign = before ? "right" : "left";
    const y = top - 4 * ratio + number * 13 * ratio;
    ctx.fillText(text, x + (number === 0 ? 0 : before ? -4 : 4) * ratio, y);
  });
  ctx.restore();
}
