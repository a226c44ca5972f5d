/** What the rules read of a dashboard's JSON, whoever wrote it. */
export interface DatasourceJson {
  readonly type?: string;
  readonly uid?: string;
}

export interface TargetJson {
  readonly refId?: string;
  readonly datasource?: DatasourceJson;
  /** PromQL or LogQL, by the data source. */
  readonly expr?: string;
  /** TraceQL. */
  readonly query?: string;
  readonly queryType?: string;
  readonly legendFormat?: string;
  readonly instant?: boolean;
  readonly exemplar?: boolean;
}

export interface LinkJson {
  readonly url?: string;
}

export interface PanelJson {
  readonly id?: number;
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly datasource?: DatasourceJson;
  readonly targets?: readonly TargetJson[];
  readonly gridPos?: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: {
    readonly defaults?: {
      readonly unit?: string;
      readonly links?: readonly LinkJson[];
      readonly thresholds?: unknown;
    };
  };
  /** Of a collapsed row. */
  readonly panels?: readonly PanelJson[];
}

export interface VariableJson {
  readonly name: string;
  readonly type: string;
  readonly query?: unknown;
  readonly datasource?: DatasourceJson;
}

export interface AnnotationJson {
  readonly name: string;
  readonly builtIn?: number;
  readonly datasource?: DatasourceJson;
  readonly expr?: string;
}

export interface DashboardJson {
  readonly uid?: string;
  readonly title?: string;
  readonly description?: string;
  readonly schemaVersion?: number;
  readonly panels?: readonly PanelJson[];
  readonly templating?: { readonly list?: readonly VariableJson[] };
  readonly annotations?: { readonly list?: readonly AnnotationJson[] };
}

/** Every panel, those of collapsed rows too, rows themselves as well. */
export function panelsOf(dashboard: DashboardJson): readonly PanelJson[] {
  return (dashboard.panels ?? []).flatMap((panel) => [panel, ...(panel.panels ?? [])]);
}

/** A query with where it stands. */
export interface PlacedQuery {
  readonly place: string;
  readonly refId: string;
  readonly language: 'promql' | 'logql' | 'traceql';
  readonly text: string;
  readonly isInstant: boolean;
  readonly legend: string;
  readonly isAnnotation: boolean;
}

/** Every query of panels and annotations. */
export function queriesOf(dashboard: DashboardJson): readonly PlacedQuery[] {
  const ofPanels = panelsOf(dashboard).flatMap((panel) =>
    (panel.targets ?? []).flatMap((target) => toPlaced(target, panel)),
  );
  const ofAnnotations = (dashboard.annotations?.list ?? []).flatMap(({ name, expr, datasource }) =>
    toPlaced(
      { refId: 'Anno', ...(expr === undefined ? {} : { expr }), ...(datasource ? { datasource } : {}) },
      {
        title: `annotation ${name}`,
      },
    ).map((query) => ({ ...query, isAnnotation: true })),
  );
  return [...ofPanels, ...ofAnnotations];
}

function toPlaced(target: TargetJson, panel: PanelJson): readonly PlacedQuery[] {
  const type = target.datasource?.type ?? panel.datasource?.type;
  const text = type === 'tempo' ? target.query : target.expr;
  if (text === undefined || text === '') return [];
  const language = type === 'tempo' ? 'traceql' : type === 'loki' ? 'logql' : 'promql';
  return [
    {
      place: panel.title ?? '',
      refId: target.refId ?? '',
      language,
      text,
      isInstant: target.instant ?? false,
      legend: target.legendFormat ?? '',
      isAnnotation: false,
    },
  ];
}
