import { mount } from "svelte";
import "../theme.css";
import "../base.css";
import { guardDrops } from "../parts/drop";
import Debug from "./Debug.svelte";

guardDrops();
mount(Debug, { target: document.getElementById("page")! });
