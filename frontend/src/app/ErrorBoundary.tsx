/** A page that fails takes nothing else with it. */
import { Component, type ReactNode } from "react";
import { t } from "~/messages";
import { Button } from "~/ui/Button";
import { Notice } from "~/ui/Notice";
import { Page } from "~/ui/Page";

interface Props {
  children: ReactNode;
}

/** A part of the page that is loaded late did not come: the server is away, or has another build.
 * What was asked for is remembered as failed; only another load of the page asks again. */
function isPartMissing(error: unknown): boolean {
  return (
    error instanceof Error &&
    /preload CSS|dynamically imported module|importing a module script/i.test(error.message)
  );
}

function words(error: unknown): { message: string; remedy: string } {
  if (isPartMissing(error)) {
    return { message: t.common.partMissing, remedy: t.common.partMissingRemedy };
  }
  const failure = (error as { failure?: { message: string; remedy: string } }).failure;
  if (failure) return { message: failure.message, remedy: failure.remedy };
  const told = error instanceof Error ? error.message : String(error);
  return { message: told, remedy: t.common.stumbledRemedy };
}

export class ErrorBoundary extends Component<Props, { error: unknown }> {
  override state: { error: unknown } = { error: null };

  static getDerivedStateFromError(error: unknown): { error: unknown } {
    return { error };
  }

  override render(): ReactNode {
    const { error } = this.state;
    if (error === null) return this.props.children;
    const { message, remedy } = words(error);
    return (
      <Page title={t.common.stumbled}>
        <Notice
          tone="bad"
          actions={
            <>
              {!isPartMissing(error) && (
                <Button icon="refresh" onClick={() => this.setState({ error: null })}>
                  {t.common.retry}
                </Button>
              )}
              <Button icon="refresh" onClick={() => location.reload()}>
                {t.common.reload}
              </Button>
            </>
          }
        >
          <p>{message}</p>
          <p>{remedy}</p>
        </Notice>
      </Page>
    );
  }
}
