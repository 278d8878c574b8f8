// Draws the report from the JSON in #data. Text of the data enters the page as text alone (textContent), never as markup.
"use strict";

const data = JSON.parse(document.getElementById("data").textContent);
const page = document.getElementById("page");
page.textContent = "";

// Okabe and Ito's colours, which colour-blind people can tell apart; symbols differ too.
const COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"];
const SYMBOLS = ["circle", "rect", "triangle", "diamond", "pin", "arrow"];
const INK = "#1b1f24";
const charts = [];

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((child) => child !== null));
  return made;
}

function short(value, digits = 4) {
  return value === null || value === undefined ? "–" : String(Number(value.toPrecision(digits)));
}

const percent = (value) => (value === null || value === undefined ? "–" : `${short(100 * value)} %`);
const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
const populationIndex = (name) => (data.populations || []).findIndex((each) => each.name === name);
const colourOf = (name) => COLOURS[Math.max(0, populationIndex(name)) % COLOURS.length];
const symbolOf = (name) => SYMBOLS[Math.max(0, populationIndex(name)) % SYMBOLS.length];

function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (parts[0] > 0) return `${parts[0]} h ${parts[1]} min`;
  return parts[1] > 0 ? `${parts[1]} min ${parts[2]} s` : `${seconds < 10 ? short(seconds, 2) : whole} s`;
}

const ALGORITHMS = {
  "Grey Wolf": "the three members with the best fitness lead, alpha, beta and delta; they step around the baseline, and the others towards the three. " +
    "Steps shrink over the generations, so that the pack closes in.",
  "Whale": "each member encircles the baseline, follows a spiral towards it, or, early on, searches around a member that is drawn at random; that is why single " +
    "members leave for far learning rates and may lose fitness for a generation.",
  "Fixed": "learning rates follow a given schedule, whatever the fitness: something to compare with.",
};

// ---- series ----

function membersOf(population) {
  const lines = new Map();
  for (const round of data.rounds) {
    const report = round.reports.find((each) => each.population === population.name);
    for (const member of report ? report.members : []) {
      if (!lines.has(member.member)) lines.set(member.member, []);
      lines.get(member.member).push([round.generation, member]);
    }
  }
  return lines;
}

// One thin line for each member, all of a population under its name in the legend.
function memberSeries(value, opacity) {
  return data.populations.flatMap((population) => [...membersOf(population)].map(([member, points]) => ({
    name: population.name, type: "line", symbol: symbolOf(population.name), symbolSize: 5, showAllSymbol: points.length < 40,
    showSymbol: points.length < 40, lineStyle: {width: 1.2, opacity}, itemStyle: {color: colourOf(population.name), opacity},
    emphasis: {lineStyle: {width: 3, opacity: 1}}, data: points.map(([generation, each]) => [generation, value(each)]), member,
  })));
}

function bestSeries(value, better) {
  return data.populations.map((population) => {
    const best = new Map();
    for (const points of membersOf(population).values()) {
      for (const [generation, each] of points) {
        const now = value(each);
        if (!best.has(generation) || better(now, best.get(generation))) best.set(generation, now);
      }
    }
    return {name: population.name, type: "line", symbol: symbolOf(population.name), symbolSize: 7, lineStyle: {width: 2.4},
            itemStyle: {color: colourOf(population.name)}, data: [...best], z: 4};
  });
}

// Attempts after the first, and rounds that did not wait for all, as vertical lines.
function marks() {
  const lines = [];
  if (data.runs) return {data: lines};
  for (const restart of data.restarts) {
    lines.push({xAxis: restart.generation, name: `restart: ${restart.populations.join(", ")}`, lineStyle: {color: "#b3261e", type: "solid"}});
  }
  for (const round of data.rounds) {
    if (round.closedBy !== "Deadline" && round.closedBy !== "Quorum") continue;
    lines.push({xAxis: round.generation, name: `without ${round.missing.join(", ")}`, lineStyle: {color: "#6e40c9", type: "dotted"}});
  }
  return {silent: false, symbol: "none", label: {formatter: (mark) => mark.name, color: INK, fontSize: 10, rotate: 90, position: "insideEndTop"},
          data: lines};
}

function draw(title, caption, axis, series, extra = {}) {
  const box = element("div", {class: "chart", role: "img", "aria-label": `${title}. ${caption}`});
  const figure = element("figure", {}, box, element("figcaption", {}, caption));
  page.append(element("h2", {}, title), figure);
  const chart = echarts.init(box, null, {renderer: "svg"});
  const shown = [...series, {type: "line", data: [], markLine: marks()}];
  chart.setOption({
    animation: false,
    aria: {enabled: true},
    grid: {left: 64, right: 20, top: 64, bottom: 44},
    legend: {type: "scroll", top: 0, data: [...new Set(series.map((each) => each.name))]},
    tooltip: {trigger: "item", confine: true, formatter: (point) => tip(point, axis)},
    xAxis: {type: "value", name: "generation", nameLocation: "middle", nameGap: 26, min: 0, minInterval: 1,
            max: Math.max(1, ...(data.runs || [data]).map((run) => (run.rounds.length > 0 ? run.rounds[run.rounds.length - 1].generation : 1))),
            splitLine: {show: false}},
    yAxis: {type: "value", name: axis, scale: true, nameTextStyle: {align: "left"}},
    series: shown, ...extra,
  });
  charts.push(chart);
  return {chart, figure};
}

// The library takes HTML here; a node takes text.
function tip(point, axis) {
  const node = element("div");
  const who = point.seriesName + (shownMember(point) === null ? "" : `, member ${shownMember(point)}`);
  node.append(element("b", {}, who), element("br"), `generation ${point.value[0]}: ${short(point.value[1], 5)} ${axis}`);
  return node;
}

function shownMember(point) {
  const series = charts.flatMap((chart) => chart.getOption().series).find((each) => each.id !== undefined && each.id === point.seriesId);
  return series && series.member !== undefined ? series.member : null;
}

// ---- sections ----

function header() {
  const result = data.result || {};
  const last = data.rounds[data.rounds.length - 1];
  const bad = data.state === "Failed" ? {class: "bad"} : {};
  const facts = [
    ["state", element("b", bad, data.state)],
    ["generations", element("b", {}, `${data.rounds.length} of ${data.generations}`)],
    ["test accuracy", element("b", {}, percent(result.testAccuracy))],
    ["elected fitness", element("b", {}, last ? percent(last.elected.fitness) : "–")],
    ["elected learning rate", element("b", {}, last ? short(last.elected.learningRate) : "–")],
    ["duration", element("b", {}, duration(result.durationSeconds))],
    ["seed", element("b", {}, String(data.seed))],
  ];
  page.append(element("h1", {}, data.name),
              element("div", {class: "facts"}, ...facts.map(([name, value]) => element("div", {class: "fact"}, element("span", {class: "soft"}, name), value))));
  if (data.state === "Failed" && result.reason) page.append(element("p", {class: "bad"}, `It failed: ${result.reason}`));
}

// What happened, in words.
function story() {
  page.append(element("h2", {}, "What happened"));
  const who = data.populations.map((each) => `${each.name} (${each.algorithm}, ${plural(each.members, "member")})`).join(" and ");
  page.append(element("p", {}, `Each member trains the same model with a learning rate of its own. Members belong to populations: ${who}. ` +
    "After every generation each member is judged by its accuracy on the same images, which nobody trains on: its fitness. The best member of all is " +
    "elected, and each population's algorithm makes the next learning rates by moving around the baseline, which follows the elected ones."));
  for (const [name, words] of Object.entries(ALGORITHMS)) {
    if (data.populations.some((each) => each.algorithm.startsWith(name))) page.append(element("p", {}, `${name}: ${words}`));
  }
  if (data.rounds.length === 0) {
    page.append(element("p", {}, "No generation has ended with an election yet."));
    return;
  }
  const wins = new Map(data.populations.map((each) => [each.name, 0]));
  for (const round of data.rounds) wins.set(round.elected.population, (wins.get(round.elected.population) || 0) + 1);
  const first = data.rounds[0];
  const last = data.rounds[data.rounds.length - 1];
  const rates = data.rounds.map((round) => round.elected.learningRate);
  const best = data.rounds.reduce((a, b) => (b.elected.fitness > a.elected.fitness ? b : a));
  page.append(element("p", {}, `In ${plural(data.rounds.length, "generation")} the elected member came from ` +
    [...wins].map(([name, count]) => `${name} ${plural(count, "time")}`).join(", ") +
    `. The elected learning rate went from ${short(first.elected.learningRate)} to ${short(last.elected.learningRate)} ` +
    `(lowest ${short(Math.min(...rates))}, highest ${short(Math.max(...rates))}), the elected fitness from ${percent(first.elected.fitness)} to ` +
    `${percent(last.elected.fitness)}; the highest was ${percent(best.elected.fitness)} in generation ${best.generation}.`));
  const events = [...data.restarts.map((each) => `${each.populations.join(", ")} restarted (attempt ${each.attempt}) from generation ${each.generation}`),
                  ...data.stops.map((each) => `${each.population} was given up: ${each.reason}`)];
  if (events.length > 0) page.append(element("p", {}, `On the way: ${events.join("; ")}.`));
}

// A logarithmic axis has no place for 0, to which annealed rules come after the last generation.
const aboveZero = (value) => (value > 0 ? value : null);

function pictures() {
  if (data.rounds.length === 0) return;
  const elected = {name: "elected", type: "line", symbol: "emptyCircle", symbolSize: 8, lineStyle: {width: 3, color: INK}, itemStyle: {color: INK}, z: 5,
                   data: data.rounds.map((round) => [round.generation, aboveZero(round.elected.learningRate)])};
  const baseline = {name: "baseline", type: "line", symbol: "none", lineStyle: {width: 2, type: "dashed", color: "#6e7781"}, itemStyle: {color: "#6e7781"}, z: 4,
                    data: data.rounds.map((round) => [round.generation, aboveZero(round.baseline)])};
  const {chart, figure} = draw("Learning rates", "Thin lines are members, coloured by population. The black line is the elected member's learning rate. " +
    "The dashed line is the baseline that the next generation searched around. Red lines are restarts.",
    "learning rate", [...memberSeries((each) => aboveZero(each.learningRate), 0.55), baseline, elected]);
  const toggle = element("button", {type: "button"}, "logarithmic");
  toggle.addEventListener("click", () => {
    const linear = chart.getOption().yAxis[0].type === "value";
    chart.setOption({yAxis: {type: linear ? "log" : "value", min: linear ? "dataMin" : null}});
    toggle.textContent = linear ? "linear" : "logarithmic";
  });
  figure.append(toggle);
  const fitness = {...elected, data: data.rounds.map((round) => [round.generation, round.elected.fitness])};
  draw("Fitness", "Accuracy on the held-out validation images at the end of each generation: members thin, each population's best thick, the elected one black.",
       "accuracy", [...bestSeries((each) => each.fitness, (a, b) => a > b), ...memberSeries((each) => each.fitness, 0.3), fitness]);
  draw("Training loss", "Mean over each generation: members thin, each population's lowest thick.",
       "loss", [...bestSeries((each) => each.trainLoss, (a, b) => a < b), ...memberSeries((each) => each.trainLoss, 0.3)]);
  const known = (value) => value !== null && value !== undefined;
  const hasLoss = data.rounds.some((round) => round.reports.some((report) => report.members.some((each) => known(each.fitnessLoss))));
  if (hasLoss) {
    draw("Validation loss", "Mean cross entropy on the held-out validation images at the end of each generation: members thin, each population's lowest thick. " +
         "Where it rises while the training loss falls, the model learns its training images by heart.", "loss",
         [...bestSeries((each) => each.fitnessLoss, (a, b) => known(a) && (!known(b) || a < b)), ...memberSeries((each) => each.fitnessLoss, 0.3)]);
  }
  const speeds = data.populations.map((population) => ({
    name: population.name, type: "line", symbol: symbolOf(population.name), symbolSize: 6, itemStyle: {color: colourOf(population.name)},
    data: data.rounds.flatMap((round) => round.reports.filter((each) => each.population === population.name).map((each) => [round.generation, each.imagesPerSecond]))}));
  draw("Speed", "Training images a second, all members of a population together.", "images/s", speeds);
  const waits = data.populations.map((population) => ({
    name: population.name, type: "bar", barMaxWidth: 14, itemStyle: {color: colourOf(population.name)},
    data: data.rounds.flatMap((round) => round.reports.filter((each) => each.population === population.name && known(each.waitSeconds))
      .map((each) => [round.generation, each.waitSeconds]))}));
  if (waits.some((each) => each.data.length > 0)) {
    draw("Waiting for the exchange", "Seconds from a population's report to the election: how long it stood still for slower populations. The last to report waits for nobody.",
         "seconds", waits);
  }
}

function table(headings, rows, numbers) {
  const kind = (index) => (numbers.includes(index) ? {class: "number"} : {});
  return element("div", {class: "wide"}, element("table", {},
    element("thead", {}, element("tr", {}, ...headings.map((text, index) => element("th", kind(index), text)))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((cell, index) => element("td", kind(index), cell)))))));
}

function swatch(name, label = name) {
  return element("span", {}, element("span", {class: "swatch", style: `background:${colourOf(name)}`}), label);
}

function tables() {
  const last = data.rounds[data.rounds.length - 1];
  page.append(element("h2", {}, "Populations"));
  page.append(table(["population", "algorithm", "members", "state", "attempts", "last learning rates", ""], data.populations.map((each) => {
    const report = last && last.reports.find((of) => of.population === each.name);
    return [swatch(each.name), each.algorithm, String(each.members), each.phase, String(each.attempts),
            report ? report.members.map((member) => short(member.learningRate)).join(", ") : "–", each.error];
  }), [2, 4]));
  if (!last) return;
  page.append(element("h2", {}, "Elections"));
  page.append(table(["generation", "elected", "learning rate", "fitness", "baseline after", "reports"], data.rounds.map((round) => [
    String(round.generation), swatch(round.elected.population, `${round.elected.population}/${round.elected.member}`), short(round.elected.learningRate, 6),
    percent(round.elected.fitness), short(round.baseline, 6), round.closedBy + (round.missing.length > 0 ? `, without ${round.missing.join(", ")}` : "")]), [0, 2, 3, 4]));
}

function testSet() {
  const evaluation = data.result && data.result.evaluation;
  if (!evaluation) return;
  page.append(element("h2", {}, "Test set"), element("p", {}, `Measured once, at the end, on ${plural(evaluation.images, "image")} that took no part in training or ` +
    `in any election: top-1 ${percent(evaluation.top1)}, top-5 ${percent(evaluation.top5)}, loss ${short(evaluation.loss)}.`));
  if (!evaluation.classes) return;
  page.append(table(["class", "images", "accuracy"], evaluation.classes.map((each) => [each.name, String(each.images), percent(each.accuracy)]), [1, 2]));
  if (!evaluation.confusion || evaluation.classes.length > 30) return;
  page.append(element("h2", {}, "Confusion"), element("p", {class: "soft"}, "Images of each class (row) by the model's answer (column)."));
  const most = Math.max(1, ...evaluation.confusion.flat());
  const names = evaluation.classes.map((each) => each.name);
  const grid = element("table", {class: "confusion"}, element("tr", {}, element("td"), ...names.map((name) => element("td", {}, name))));
  evaluation.confusion.forEach((row, label) => grid.append(element("tr", {}, element("td", {}, names[label]), ...row.map((count, answer) => {
    const share = Math.sqrt(count / most);
    const colour = label === answer ? `rgba(0, 114, 178, ${0.75 * share})` : `rgba(213, 94, 0, ${0.75 * share})`;
    return element("td", {style: `background:${colour}`}, String(count));
  }))));
  page.append(element("div", {class: "wide"}, grid));
}

// ---- several runs ----

function comparison() {
  const colour = (index) => COLOURS[index % COLOURS.length];
  const line = (value) => data.runs.map((run, index) => ({name: run.label, type: "line", symbol: SYMBOLS[index % SYMBOLS.length], symbolSize: 6,
    itemStyle: {color: colour(index)}, lineStyle: {width: 2, type: ["solid", "dashed", "dotted"][Math.floor(index / COLOURS.length) % 3]},
    data: run.rounds.map((round) => [round.generation, value(round)])}));
  page.append(element("h1", {}, data.name));
  const result = (run) => run.result || {};
  page.append(table(["run", "state", "generations", "test accuracy", "last fitness", "duration", "restarts", "seed", "populations"], data.runs.map((run, index) => {
    const last = run.rounds[run.rounds.length - 1];
    return [element("span", {}, element("span", {class: "swatch", style: `background:${colour(index)}`}), run.label), run.state,
            `${run.rounds.length} of ${run.generations}`, percent(result(run).testAccuracy), last ? percent(last.elected.fitness) : "–",
            duration(result(run).durationSeconds), String(run.restarts.length), String(run.seed),
            run.populations.map((each) => `${each.name}: ${each.algorithm}, ${plural(each.members, "member")}`).join("; ")];
  }), [3, 4, 6, 7]));
  draw("Elected learning rates", "The schedule that each run found.", "learning rate", line((round) => round.elected.learningRate));
  draw("Elected fitness", "Accuracy of the elected member on the held-out validation images.", "accuracy", line((round) => round.elected.fitness));
}

// ---- a sweep ----

// A mean with half of its 95 % interval, in per cent.
function estimate(value, sign = "") {
  if (!value) return "–";
  const half = value.halfWidth === null ? "" : ` ± ${(100 * value.halfWidth).toFixed(2)}`;
  return `${value.mean > 0 ? sign : ""}${(100 * value.mean).toFixed(2)}${half}`;
}

// Every run's test accuracy as a point, every variant's mean with its interval as a bar.
function accuracies(known) {
  const title = "Test accuracy";
  const caption = "Points are runs, one for each seed; diamonds are means, and lines their 95 % intervals.";
  const box = element("div", {class: "chart", role: "img", "aria-label": `${title}. ${caption}`, style: `height:${140 + 34 * known.length}px`});
  page.append(element("h2", {}, title), element("figure", {}, box, element("figcaption", {}, caption)));
  const points = (values) => known.flatMap((each, row) => values(each).map((value) => [100 * value, row]));
  const intervals = known.flatMap((each, row) => {
    const {mean, halfWidth} = each.testAccuracy;
    return halfWidth === null ? [] : [[100 * Math.max(0, mean - halfWidth), row], [100 * Math.min(1, mean + halfWidth), row], ["-", "-"]];
  });
  const chart = echarts.init(box, null, {renderer: "svg"});
  chart.setOption({
    animation: false, aria: {enabled: true}, grid: {left: 20, right: 30, top: 40, bottom: 44, containLabel: true},
    legend: {top: 0, data: ["run", "mean", "95 % interval"]},
    xAxis: {type: "value", scale: true, name: "%", nameLocation: "middle", nameGap: 26},
    yAxis: {type: "category", inverse: true, data: known.map((each) => each.name)},
    series: [
      {name: "95 % interval", type: "line", symbol: "none", connectNulls: false, lineStyle: {width: 3, color: INK, opacity: 0.5}, itemStyle: {color: INK},
       data: intervals},
      {name: "run", type: "scatter", symbolSize: 9, itemStyle: {color: COLOURS[0], opacity: 0.7},
       data: points((each) => data.sweepRuns.filter((run) => run.variant === each.name && run.testAccuracy !== null).map((run) => run.testAccuracy))},
      {name: "mean", type: "scatter", symbol: "diamond", symbolSize: 14, itemStyle: {color: COLOURS[1]}, data: points((each) => [each.testAccuracy.mean])},
    ],
  });
  charts.push(chart);
}

function sweep() {
  page.append(element("h1", {}, data.name));
  page.append(table(["variant", "runs", "test, %", "difference", "pairs", "compared with", "trained", "duration", "sum of LRs"],
    data.variants.map((each) => [
      each.name, `${each.succeeded} of ${each.runs}${each.failed > 0 ? `, ${each.failed} failed` : ""}`, estimate(each.testAccuracy), estimate(each.difference, "+"),
      each.difference ? String(each.difference.count) : "–", each.comparedWith || "–",
      each.passes !== null ? `${each.passes} passes` : plural(each.images, "image"),
      duration(each.seconds), short(each.learningRateSum)]), [2, 3, 4, 7, 8]));
  page.append(element("p", {class: "soft"}, "± is half of a 95 % confidence interval by Student's t. Differences are of test accuracy, in points, seed by seed. " +
    "Failed runs are in no mean. The sum of LRs is that of all members' mean learning rate over the generations."));
  const known = data.variants.filter((each) => each.testAccuracy);
  if (known.length > 0) accuracies(known);
  page.append(element("h2", {}, "Runs"));
  page.append(table(["run", "seed", "state", "test accuracy", "test loss", "fitness", "duration", "sum of LRs", ""], data.sweepRuns.map((each) => [
    each.run, String(each.seed), each.state, percent(each.testAccuracy), short(each.testLoss), percent(each.fitness), duration(each.seconds),
    short(each.learningRateSum), each.reason]), [1, 3, 4, 5, 6, 7]));
  page.append(element("p", {class: "soft"}, `eoa ${data.version}`));
}

function report() {
  header();
  story();
  pictures();
  tables();
  testSet();
  page.append(element("h2", {}, "Job"), element("pre", {}, data.job), element("p", {class: "soft"}, `eoa ${data.version}, uid ${data.uid}`));
}

if (data.variants) sweep();
else if (data.runs) comparison();
else report();

// Twice: a page's width differs on paper, and again afterwards.
const resize = () => charts.forEach((chart) => chart.resize());
window.addEventListener("resize", resize);
window.addEventListener("beforeprint", resize);
window.addEventListener("afterprint", resize);
document.documentElement.dataset.drawn = String(charts.length);
