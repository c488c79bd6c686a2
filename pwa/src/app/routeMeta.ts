import "vue-router";

declare module "vue-router" {
  interface RouteMeta {
    /** Can be opened without being signed in. */
    open?: boolean;
    /** One task over the whole screen, without the bar at the bottom (a visit being written). */
    focused?: boolean;
    /** Name of the place in the bar that is lit, when it is not the route's own. */
    place?: string;
  }
}
