// Draws a board in Grafana's grid, with Grafana's own parts: stat, bar gauge, table, time series. Its state timeline, bar
// chart and text are not published, so plain ones stand in for them. `window.DRAWING` has the board and the answers of
// Prometheus to each of its queries.
import {
  applyFieldOverrides,
  createTheme,
  dateTime,
  formattedValueToString,
  FieldType,
  getFieldDisplayName,
  getFieldDisplayValues,
  identityOverrideProcessor,
  Registry,
  renderLegendFormat,
  standardTransformers,
  standardTransformersRegistry,
  ThemeContext,
  toDataFrame,
  transformDataFrame,
} from '@grafana/data';
import { BarGauge, BigValue, PanelChrome, PanelContextProvider, TimeSeries, GlobalStyles } from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';
import React, { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { lastValueFrom } from 'rxjs';

const { board, answers, variables, from, to, theme: mode, names } = window.DRAWING;
const [ROW, GAP, STACKED] = [30, 8, 769];
const theme = createTheme({ colors: { mode } });

const transformers = new Map(Object.values(standardTransformers).map((each) => [each.id, each]));
standardTransformersRegistry.setInit(() =>
  [...transformers.values()].map((each) => ({ id: each.id, name: each.name, transformation: each, editor: () => null }))
);

const STANDARD = ['unit', 'min', 'max', 'decimals', 'displayName', 'color', 'mappings', 'thresholds', 'links', 'noValue'];
const CUSTOM = [
  'width', 'align', 'cellOptions', 'lineStyle', 'drawStyle', 'lineWidth', 'lineInterpolation', 'fillOpacity', 'showPoints',
  'spanNulls', 'axisSoftMin', 'scaleDistribution', 'stacking', 'thresholdsStyle',
];
const item = (id, path, isCustom) => ({
  id, path, name: id, isCustom, process: identityOverrideProcessor, shouldApply: () => true, settings: {}, override: () => null,
  editor: () => null, description: '',
});
const registry = new Registry(() => [
  ...STANDARD.map((id) => item(id, id, false)),
  ...CUSTOM.map((path) => item(`custom.${path}`, path, true)),
]);

const filled = (text, scoped) =>
  text.replace(/\$\{?([\w.]+)(?::(\w+))?\}?/g, (all, name, format) => {
    const context = scoped?.__dataContext?.value;
    if (name === '__value.raw') return context.field.values[context.rowIndex] ?? '';
    if (name.startsWith('__data.fields.')) {
      const wanted = name.slice('__data.fields.'.length);
      const field = context.frame.fields.find((each) => each.name === wanted || each.config.displayName === wanted);
      return field?.values[context.rowIndex] ?? '';
    }
    const known = format === 'text' ? names[name] : variables[name];
    return known ?? all;
  });

const isNumber = (value) => (value === 'NaN' ? NaN : value === '+Inf' ? Infinity : Number(value));

function framesOf(panel) {
  const targets = panel.targets ?? [];
  return targets.flatMap((target) => {
    const found = answers[`${panel.id}/${target.refId}`] ?? [];
    if (target.format === 'table') {
      const labels = [...new Set(found.flatMap((one) => Object.keys(one.metric)))].sort();
      const value = targets.length > 1 ? `Value #${target.refId}` : 'Value';
      return [toDataFrame({
        refId: target.refId,
        fields: [
          { name: 'Time', type: FieldType.time, values: found.map(() => to) },
          ...labels.map((name) => ({ name, type: FieldType.string, values: found.map((one) => one.metric[name] ?? '') })),
          { name: value, type: FieldType.number, values: found.map((one) => isNumber(one.value[1])) },
        ],
      })];
    }
    return found.map((one) => {
      const points = one.values ?? [one.value];
      const legend = target.legendFormat === '__auto' ? undefined : renderLegendFormat(target.legendFormat, one.metric);
      return toDataFrame({
        refId: target.refId,
        name: legend,
        fields: [
          { name: 'Time', type: FieldType.time, values: points.map(([at]) => at * 1000), config: {} },
          {
            name: 'Value', type: FieldType.number, labels: one.metric, values: points.map(([, value]) => isNumber(value)),
            config: legend ? { displayNameFromDS: legend } : {},
          },
        ],
      });
    });
  });
}

async function dataOf(panel) {
  const shaped = await lastValueFrom(transformDataFrame(panel.transformations ?? [], framesOf(panel)));
  const drawn = applyFieldOverrides({
    data: shaped, fieldConfig: panel.fieldConfig, fieldConfigRegistry: registry, replaceVariables: filled, theme,
    timeZone: 'utc',
  });
  drawn.forEach((frame) => frame.fields.forEach((field) => getFieldDisplayName(field, frame, drawn))); // tables sort by it
  return drawn;
}

const valuesOf = (panel, data, width, height) =>
  getFieldDisplayValues({
    fieldConfig: panel.fieldConfig, reduceOptions: panel.options.reduceOptions, replaceVariables: filled, theme, data,
    sparkline: false, timeZone: 'utc',
  });

function Stat({ panel, data, width, height }) {
  const values = valuesOf(panel, data);
  const across = width > height * 1.2;
  const one = { width: across ? width / values.length - 4 : width, height: across ? height : height / values.length - 4 };
  return (
    <div style={{ display: 'flex', flexDirection: across ? 'row' : 'column', gap: 4 }}>
      {values.map((each, at) => (
        <BigValue
          key={at} {...one} theme={theme} value={each.display} count={values.length} colorMode={panel.options.colorMode}
          graphMode="none" justifyMode={panel.options.justifyMode}
          textMode={panel.options.textMode === 'auto' && values.length > 1 ? 'value_and_name' : panel.options.textMode}
        />
      ))}
    </div>
  );
}

function Bars({ panel, data, width, height }) {
  const values = valuesOf(panel, data);
  const each = Math.min(60, (height - 8 * (values.length - 1)) / Math.max(values.length, 1));
  return (
    <div style={{ display: 'flex', flexDirection: 'column', gap: 8 }}>
      {values.map((value, at) => (
        <BarGauge
          key={at} theme={theme} width={width} height={each} value={value.display} field={value.field} display={value.view?.getFieldDisplayProcessor(value.colIndex)}
          orientation="horizontal" displayMode={panel.options.displayMode} showUnfilled={panel.options.showUnfilled}
          text={panel.options.text} valueDisplayMode={panel.options.valueMode} namePlacement={panel.options.namePlacement}
        />
      ))}
    </div>
  );
}

function Rows({ panel, data, width, height }) {
  const [frame] = data;
  if (!frame?.fields.length) return <None panel={panel} />;
  return (
    <TableNG
      data={frame} width={width} height={height} cellHeight={panel.options.cellHeight} initialSortBy={panel.options.sortBy}
      fieldConfig={panel.fieldConfig} structureRev={1} enableVirtualization={false} timeRange={RANGE}
    />
  );
}

const RANGE = { from: dateTime(from), to: dateTime(to), raw: { from: dateTime(from), to: dateTime(to) } };
const None = ({ panel }) => <p style={{ padding: 20 }}>{panel.fieldConfig?.defaults?.noValue ?? 'No data'}</p>;

function Lines({ panel, data, width, height }) {
  if (!data.length) return <None panel={panel} />;
  return (
    <TimeSeries
      frames={data} width={width} height={height} timeRange={RANGE} timeZone="utc" legend={panel.options.legend}
      options={panel.options} structureRev={1}
    />
  );
}

function Bands({ panel, data, width, height }) {
  const each = Math.min(34, (height - 24) / Math.max(data.length, 1));
  const span = to - from;
  return (
    <div style={{ fontSize: 12 }}>
      {data.map((frame, at) => {
        const [times, field] = frame.fields;
        const step = times.values.length > 1 ? times.values[1] - times.values[0] : span;
        return (
          <div key={at} style={{ display: 'flex', height: each, alignItems: 'center' }}>
            <span style={{ width: 160, flex: 'none', textAlign: 'right', paddingRight: 8 }}>{getFieldDisplayName(field, frame, data)}</span>
            <div style={{ position: 'relative', flex: 1, height: each * 0.85 }}>
              {field.values.map((value, place) => {
                const shown = field.display(value);
                const first = place === 0 || field.values[place - 1] !== value;
                return (
                  <span key={place} style={{
                    position: 'absolute', left: `${(100 * (times.values[place] - from)) / span}%`, top: 0, bottom: 0,
                    width: `${(100 * step) / span + 0.1}%`, background: shown.color, overflow: 'visible', whiteSpace: 'nowrap',
                    color: theme.colors.getContrastText(shown.color ?? '#000'), zIndex: first ? 1 : 0, paddingLeft: first ? 4 : 0,
                  }}>{first ? formattedValueToString(shown) : ''}</span>
                );
              })}
            </div>
          </div>
        );
      })}
    </div>
  );
}

function Columns({ panel, data, height }) {
  const [frame] = data;
  if (!frame) return <None panel={panel} />;
  const [groups, ...pieces] = frame.fields;
  const totals = groups.values.map((_, row) => pieces.reduce((sum, piece) => sum + (Number(piece.values[row]) || 0), 0));
  const most = Math.max(...totals, 1);
  const colour = (piece) => piece.config.color?.fixedColor ?? '#888';
  return (
    <div style={{ fontSize: 12, height, overflow: 'hidden' }}>
      {groups.values.map((group, row) => (
        <div key={row} style={{ display: 'flex', alignItems: 'center', height: Math.min(36, (height - 30) / groups.values.length) }}>
          <span style={{ width: 150, flex: 'none', textAlign: 'right', paddingRight: 8 }}>{groups.display?.(group).text ?? group}</span>
          {pieces.map((piece, at) => piece.values[row] > 0 && (
            <span key={at} style={{
              width: `${(70 * piece.values[row]) / most}%`, background: colour(piece), textAlign: 'center',
              color: theme.colors.getContrastText(colour(piece)),
            }}>{piece.values[row]}</span>
          ))}
        </div>
      ))}
      <p>{pieces.map((piece) => <span key={piece.name} style={{ marginRight: 12 }}><b style={{ color: colour(piece) }}>■</b> {piece.config.displayName ?? piece.name}</span>)}</p>
    </div>
  );
}

const KINDS = { stat: Stat, bargauge: Bars, table: Rows, timeseries: Lines, 'state-timeline': Bands, barchart: Columns };

function Place({ panel, width, stacked }) {
  const [data, setData] = useState(null);
  useEffect(() => void dataOf(panel).then(setData, (problem) => console.error(panel.title, String(problem?.stack ?? problem))), [panel]);
  const { x, y, w, h } = panel.gridPos;
  const size = { width: stacked ? width : ((width + GAP) * w) / 24 - GAP, height: h * (ROW + GAP) - GAP };
  const place = stacked
    ? { marginBottom: GAP, height: size.height }
    : { position: 'absolute', left: ((width + GAP) * x) / 24, top: y * (ROW + GAP), ...size };
  if (panel.type === 'row') return <h3 style={{ ...place, fontSize: 16, margin: 0 }}>⌄ {panel.title}</h3>;
  const Kind = KINDS[panel.type];
  return (
    <section style={place}>
      <PanelChrome width={size.width} height={size.height} title={filled(panel.title)} description={panel.description}>
        {(width, height) => (data && Kind ? <Kind panel={panel} data={data} width={width} height={height} /> : null)}
      </PanelChrome>
    </section>
  );
}

function Board() {
  const width = window.innerWidth - 32;
  const stacked = window.innerWidth < STACKED;
  const bottom = Math.max(...board.panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  return (
    <ThemeContext.Provider value={theme}>
      <GlobalStyles isExtensionSidebarOpen={false} />
      <PanelContextProvider value={{ eventBus: { publish() {}, subscribe: () => ({ unsubscribe() {} }), getStream: () => ({ subscribe: () => ({ unsubscribe() {} }), pipe: () => ({ subscribe: () => ({ unsubscribe() {} }) }) }) }, eventsScope: 'x' }}>
        <div style={{ padding: 16, background: theme.colors.background.canvas, color: theme.colors.text.primary }}>
          <h1 style={{ fontSize: 20 }}>{board.title}</h1>
          <p>
            {board.templating.list.filter((each) => each.hide !== 2).map((each) => (
              <span key={each.name} style={{ marginRight: 16 }}>
                <small>{each.label}</small> <b>{names[each.name] ?? variables[each.name]}</b>
              </span>
            ))}
            {board.links.map((link) => <u key={link.url} style={{ marginRight: 12 }}>{link.title}</u>)}
          </p>
          <div style={{ position: 'relative', height: stacked ? undefined : bottom * (ROW + GAP) }}>
            {board.panels.map((panel) => <Place key={panel.id} panel={panel} width={width} stacked={stacked} />)}
          </div>
        </div>
      </PanelContextProvider>
    </ThemeContext.Provider>
  );
}

createRoot(document.getElementById('board')).render(<Board />);
