import { mount } from "svelte";
import "../theme.css";
import "../base.css";
import Debug from "./Debug.svelte";

mount(Debug, { target: document.getElementById("page")! });
