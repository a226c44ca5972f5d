import type { ExpositionFormat } from './exposition-format.ts';
import type { FamilyChild, MetricFamily } from './metric-family.ts';
import type { TextSlicer } from './text-slicer.ts';

/**
 * Renders every family into the slicer. A child's lines are written in one turn, so they agree with each other;
 * children that are added while the render waits are left for the next one, removed ones are not shown.
 */
export async function renderFamilies(
  families: readonly MetricFamily<FamilyChild>[],
  format: ExpositionFormat,
  slicer: TextSlicer,
): Promise<void> {
  for (const family of families) {
    if (slicer.add(family.header(format))) {
      await slicer.pause();
    }
    // A child that is removed and made anew meanwhile moves to the end of the map: its number tells it from the old.
    const newest = family.newestSequence;
    for (const child of family.children.values()) {
      if (child.sequence > newest) {
        break;
      }
      if (slicer.add(child.render(format))) {
        await slicer.pause();
      }
    }
  }
}
