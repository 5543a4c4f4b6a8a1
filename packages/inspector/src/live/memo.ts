import { Component, type ComponentChild, type FunctionComponent, createElement } from 'preact';

/** Renders again only if the properties differ: `memo` of preact/compat, without the rest of it. */
export function memo<Props extends object>(
  render: FunctionComponent<Props>,
  areEqual: (left: Props, right: Props) => boolean,
): new (props: Props) => Component<Props> {
  return class Memo extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      return !areEqual(this.props, next);
    }

    override render(): ComponentChild {
      return createElement(render, this.props as Props);
    }
  };
}
