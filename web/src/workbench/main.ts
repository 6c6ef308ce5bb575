import { mount } from "svelte";
import "../theme.css";
import "../base.css";
import { guardDrops } from "../parts/drop";
import Workbench from "./Workbench.svelte";

guardDrops();
mount(Workbench, { target: document.getElementById("page")! });
